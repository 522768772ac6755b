import { FairwayError } from '@fairway/contract/errors'
import type { TriggerVerdict } from '@fairway/contract/resources/trigger-event'
import type { Db, Tx } from '../db/db.ts'
import { reportLater } from '../db/host-reports.ts'
import {
  countVerdicts,
  findPending,
  findTriggerEvent,
  insertVerdicts,
  listJudged,
  lockStream,
  lockTriggerEvent,
  moveTriggerEvent,
  type TriggerEventRow,
  type VerdictRow,
} from '../db/trigger-events.ts'
import { repositoryKeys } from '../db/watchers.ts'
import { schedule, type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import type { GitReader } from './git-port.ts'
import { lookAtTrigger, type TriggerLook } from './trigger-look.ts'
import type { Started, StartingEvent, TargetSource, TriggerTarget } from './trigger-targets.ts'

export const triggerCrashPoints = [
  'trigger.after-look',
  'trigger.after-some',
  'trigger.before-commit',
  'trigger.after-commit',
] as const

export type TriggerDeps = {
  db: Db
  git: GitReader
  sources: readonly TargetSource[]
  crash: CrashPoints
  log: Log
}

const RESTS = { wakeAfterMs: null }
/** The one before wakes its successor; this is for the case that it was lost. */
const LOOK_AGAIN_MS = 5000
/** So often the repository is tried before the event is judged without it. */
const GIT_TRIES = 3
/** An event that still fails after so many unexpected errors is given up. */
const MOST_FAILURES = 12

/**
 * Judges a stored event and starts what it starts, each in one transaction with its verdict: nothing starts twice, and
 * nothing is lost. Events
 * of one repository and branch go one after another. Key: the event's id.
 */
export function createTriggerHandler(deps: TriggerDeps): WorkHandler {
  return async (item, signal) => {
    const row = await findTriggerEvent(deps.db, item.key)
    if (row?.status !== 'pending') return RESTS
    const first = await findPending(deps.db, { stream: row.stream })
    if (first !== undefined && first.number < row.number) return { wakeAfterMs: LOOK_AGAIN_MS }
    if (row.event === null || item.failures >= MOST_FAILURES) return giveUp(deps, item, row)
    const look = await lookAtTrigger(deps, {
      event: row.event,
      projectId: row.project_id ?? undefined,
      byHand: row.replay_of !== null,
      giveUpOnGit: item.failures >= GIT_TRIES - 1,
      signal,
    })
    deps.crash.hit('trigger.after-look')
    await carryOut(deps, item, { row, look })
    return RESTS
  }
}

/** So many start in one transaction; the rest of a larger event follows, so that the first need not wait for the last. */
const STARTS_AT_ONCE = 50

type Judged = { row: TriggerEventRow; look: TriggerLook }
type Verdicts = TriggerLook['verdicts']

/** Each start is committed with its verdict, the last with the end of the event. What was committed is not done again. */
async function carryOut(deps: TriggerDeps, item: WorkItem, { row, look }: Judged): Promise<void> {
  const done = await listJudged(deps.db, row.id)
  const left = look.verdicts.filter(({ target }) => !done.has(nameOf(target)))
  const starting = left.filter(({ verdict }) => verdict.start)
  const refused = left.filter(({ verdict }) => !verdict.start)
  while (starting.length > STARTS_AT_ONCE) {
    const some = starting.splice(0, STARTS_AT_ONCE)
    await withLease(deps.db, item, (tx) => perform(deps, tx, { row, look }, some))
    deps.crash.hit('trigger.after-some')
  }
  await withLease(deps.db, item, async (tx) => {
    await perform(deps, tx, { row, look }, [...starting, ...refused])
    const aborted = await abortOfDeleted(deps, tx, row)
    const sentence = look.refusal ?? summaryOf(await countVerdicts(tx, row.id))
    await moveTriggerEvent(tx, row.id, 'judged', `${sentence}${aborted}`)
    if (row.event?.pullRequest) await reportLater(tx, 'trigger', row.id)
    await wakeNext(tx, row)
    deps.crash.hit('trigger.before-commit')
  })
  deps.crash.hit('trigger.after-commit')
}

/** Aborts what waits for a branch that is gone; answers a sentence that says so, or nothing. */
async function abortOfDeleted({ sources }: TriggerDeps, tx: Tx, row: TriggerEventRow): Promise<string> {
  const { event, project_id } = row
  if (event?.kind !== 'delete' || event.branch === null) return ''
  const keys = await repositoryKeys(tx, event.repository?.urls ?? [])
  const gone = { keys, projectId: project_id ?? undefined, branch: event.branch }
  let aborted = 0
  for (const source of sources) aborted += (await source.branchDeleted?.(tx, gone)) ?? 0
  return aborted === 0 ? '' : ` Aborted ${aborted === 1 ? 'a build' : `${aborted} builds`} of it that waited.`
}

const nameOf = ({ projectId, kind, id }: TriggerTarget): string => `${projectId}/${kind}/${id}`

async function giveUp({ db, log }: TriggerDeps, item: WorkItem, row: TriggerEventRow) {
  log.error({ event: row.id, failures: item.failures }, 'a trigger event could not be judged')
  await withLease(db, item, async (tx) => {
    await moveTriggerEvent(
      tx,
      row.id,
      'failed',
      'It could not be judged; see the log of the server. Replay it.',
    )
    await wakeNext(tx, row)
  })
  return RESTS
}

async function perform(deps: TriggerDeps, tx: Tx, { row, look }: Judged, some: Verdicts): Promise<void> {
  await lockTriggerEvent(tx, row.id)
  const event = look.event as StartingEvent
  const superseded = await supersede(deps, tx, event, some)
  const verdicts: VerdictRow[] = []
  for (const one of some)
    verdicts.push(verdictRow(one.target, await start(tx, event, one), superseded.get(one.target) ?? []))
  await insertVerdicts(tx, row, verdicts)
}

/** All of it before anything starts, so that two events never wait for each other's locks. */
async function supersede(
  { sources }: TriggerDeps,
  tx: Tx,
  event: StartingEvent,
  some: Verdicts,
): Promise<Map<TriggerTarget, string[]>> {
  const all = new Map<TriggerTarget, string[]>()
  for (const source of sources) {
    const starting = some.flatMap((one) => (one.source === source && one.verdict.start ? [one.target] : []))
    if (starting.length === 0) continue
    for (const [target, ids] of await source.supersede(tx, starting, event)) all.set(target, ids)
  }
  return all
}

type Outcome = { verdict: TriggerVerdict; started?: Started }

async function start(
  tx: Tx,
  event: StartingEvent,
  { source, target, verdict }: Verdicts[number],
): Promise<Outcome> {
  if (!verdict.start) return { verdict }
  try {
    return { verdict, started: await source.start(tx, target, event) }
  } catch (error) {
    // What is wrong with one target must not stop the others; nothing was written when this is raised.
    if (!(error instanceof FairwayError)) throw error
    const rule = error.code === 'run_forbidden' ? 'concurrency' : 'cannot-start'
    return { verdict: { start: false, rule, sentence: error.message } }
  }
}

const verdictRow = (
  { projectId, kind, id }: TriggerTarget,
  { verdict, started }: Outcome,
  superseded: string[],
): VerdictRow => {
  const refusal = verdict.start ? undefined : verdict
  return {
    project_id: projectId === '' ? null : projectId,
    watcher_kind: kind,
    watcher_id: id,
    started: verdict.start,
    rule: refusal?.rule ?? null,
    rule_text: refusal?.text ?? null,
    file: refusal?.file ?? null,
    commit_sha: refusal?.commit ?? null,
    sentence: verdict.sentence,
    started_kind: started?.kind ?? null,
    started_id: started?.id ?? null,
    superseded,
  }
}

const summaryOf = ({ started, all }: { started: number; all: number }): string =>
  all === 0 ? 'Nothing watches this repository.' : `Started ${started} of ${all} that watch this repository.`

/** Held until the commit: an event that is added meanwhile is either seen here or sees that this one is concluded. */
async function wakeNext(tx: Tx, { stream, number }: TriggerEventRow): Promise<void> {
  await lockStream(tx, stream)
  const next = await findPending(tx, { stream, from: number })
  if (next !== undefined) await schedule(tx, 'trigger_event', next.id)
}
