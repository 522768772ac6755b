import { FairwayError } from '@fairway/contract/errors'
import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import { type Db, type Tx, transaction } from '../db/db.ts'
import {
  findRepository,
  type GitRepositoryRow,
  knowsCommit,
  noteHeads,
  notePollError,
  takeUpRepositories,
} from '../db/git-repositories.ts'
import { listGitopsLinks } from '../db/gitops-links.ts'
import { forgetReports } from '../db/host-reports.ts'
import { forgetDeliveries } from '../db/notification-deliveries.ts'
import {
  forgetTriggerEvents,
  forgetTriggerWork,
  insertTriggerEvent,
  lockStream,
} from '../db/trigger-events.ts'
import { newId, schedule, type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import { streamOf } from '../operations/triggers/receive.ts'
import { pushesBetween } from '../triggers/poll-plan.ts'
import type { GitReader } from './git-port.ts'

/** The key of the item that takes up what is watched; every other key is a repository's. */
export const POLL_ALL = '*'
/** The key of the `sweep` item that forgets old events. */
export const TRIGGER_SWEEP = 'triggers'

export const pollCrashPoints = ['poll.after-heads', 'poll.after-commit'] as const

export type PollDeps = {
  db: Db
  git: GitReader
  crash: CrashPoints
  log: Log
  /** 0: repositories are not polled. */
  intervalSeconds: number
}

/** Where deliveries come, polling only catches the one that was lost. */
const WEBHOOK_INTERVAL_MS = 60 * 60_000
const KEPT_DAYS = 30
const FORGET_AT_ONCE = 5000
const SWEEP_INTERVAL_MS = 60 * 60_000

/**
 * Looks at watched repositories with `git ls-remote` and stores every branch that moved as an event, together with what
 * was seen: a push is taken up once however often this is interrupted.
 */
export function createPollHandler(deps: PollDeps): WorkHandler {
  return async (item, signal) => {
    if (deps.intervalSeconds === 0) return { wakeAfterMs: null }
    const intervalMs = deps.intervalSeconds * 1000
    if (item.key === POLL_ALL) {
      await takeUp(deps, item)
      return { wakeAfterMs: intervalMs }
    }
    const repository = await findRepository(deps.db, item.key)
    if (repository === undefined) return { wakeAfterMs: null }
    await poll(deps, item, { repository, signal })
    return {
      wakeAfterMs: repository.webhook_at === null ? intervalMs : Math.max(intervalMs, WEBHOOK_INTERVAL_MS),
    }
  }
}

const takeUp = ({ db }: PollDeps, item: WorkItem): Promise<void> =>
  withLease(db, item, async (tx) => {
    for (const key of await takeUpRepositories(tx)) await schedule(tx, 'git_poll', key)
  })

type Poll = { repository: GitRepositoryRow; signal: AbortSignal }

async function poll(deps: PollDeps, item: WorkItem, { repository, signal }: Poll): Promise<void> {
  const { db, git, crash, log } = deps
  const { key, url } = repository
  try {
    const heads = Object.fromEntries(await git.heads({ url, signal }))
    crash.hit('poll.after-heads')
    await withLease(db, item, (tx) => takeIn(tx, repository, heads))
    crash.hit('poll.after-commit')
  } catch (error) {
    if (!(error instanceof FairwayError) || error.code === 'lease_lost' || signal.aborted) throw error
    if (repository.error !== error.message)
      log.warn({ repository: key, err: error }, 'cannot look at a repository')
    await withLease(db, item, (tx) => notePollError(tx, key, error.message))
  }
}

/** The first look only remembers: what was pushed before anybody watched starts nothing. */
async function takeIn(tx: Tx, repository: GitRepositoryRow, heads: Record<string, string>): Promise<void> {
  const { key, url, refs } = repository
  const events = refs === null ? [] : pushesBetween({ name: key, urls: [url] }, refs, heads)
  for (const event of events) await store(tx, key, event)
  // A linked document may have been read before this first look, and pushed to in between.
  const links = refs === null ? await listGitopsLinks(tx, { keys: [key], projectId: undefined }) : []
  for (const { id } of links) await schedule(tx, 'gitops', id)
  await noteHeads(tx, key, heads)
}

async function store(tx: Tx, key: string, event: GitEvent): Promise<void> {
  const stream = streamOf([key], event.branch)
  await lockStream(tx, stream)
  if (await knowsCommit(tx, { stream, sha: event.after })) return
  const id = newId()
  await insertTriggerEvent(tx, { id, source: 'poll', stream, status: 'pending', event })
  await schedule(tx, 'trigger_event', id)
}

/** Forgets events that are older than 30 days, some at a time. */
export function createTriggerSweep({ db, log }: Pick<PollDeps, 'db' | 'log'>): WorkHandler {
  return async () => {
    const gone = await transaction(db, async (tx) => {
      await forgetTriggerWork(tx)
      await forgetReports(tx, KEPT_DAYS)
      await forgetDeliveries(tx, KEPT_DAYS)
      return forgetTriggerEvents(tx, KEPT_DAYS, FORGET_AT_ONCE)
    })
    if (gone > 0) log.info({ gone }, 'forgot old trigger events')
    return { wakeAfterMs: gone === FORGET_AT_ONCE ? 0 : SWEEP_INTERVAL_MS }
  }
}
