import { FairwayError } from '@fairway/contract/errors'
import type { CommitOfEvent, GitEvent, TriggerVerdict } from '@fairway/contract/resources/trigger-event'
import type { Db } from '../db/db.ts'
import { repositoryKeys } from '../db/watchers.ts'
import { type ChangedFiles, type Facts, judge, refuseByEvent, refuseEvent } from '../triggers/judge.ts'
import type { Changes, CompareRequest, GitReader } from './git-port.ts'
import {
  type StartingEvent,
  type TargetHistory,
  type TargetSource,
  type TriggerTarget,
  watchersOf,
} from './trigger-targets.ts'

/** What was found out about an event, before anything is written. */
export type TriggerLook = {
  /** Why nothing of it was judged: it is of a kind that starts nothing. */
  refusal: string | undefined
  event: GitEvent
  verdicts: { source: TargetSource; target: TriggerTarget; verdict: TriggerVerdict }[]
}

export type LookRequest = {
  event: GitEvent
  projectId: string | undefined
  byHand: boolean
  /** The repository could not be read several times: judge by what is known. */
  giveUpOnGit: boolean
  signal: AbortSignal
}

type Deps = { db: Db; git: GitReader; sources: readonly TargetSource[] }
/** `refusal`: what the event alone decides; the history is known of the others. */
type Found = {
  source: TargetSource
  target: TriggerTarget
  refusal: TriggerVerdict | undefined
  history: TargetHistory
}
type Git = { changes: Changes; commits: readonly CommitOfEvent[]; trouble: string | undefined }

/** Judges an event for everything that watches its repository. Reads the repository once, whoever watches. */
export async function lookAtTrigger(deps: Deps, request: LookRequest): Promise<TriggerLook> {
  const { event } = request
  const refusal = refuseEvent(event)
  if (refusal !== undefined || !namesCommit(event))
    return { refusal: refusal?.sentence ?? 'It names no commit.', event, verdicts: [] }
  const found = await listTargets(deps, request, event)
  const open = found.filter(({ refusal }) => refusal === undefined)
  const url = open[0]?.target.url
  if (url === undefined)
    return { refusal: undefined, event, verdicts: judgeAll(request, event, found, NO_GIT) }
  const after = await wholeCommit(deps.git, { url, event, signal: request.signal })
  if (after === undefined) return { refusal: undefined, event, verdicts: goneFor(event, found) }
  const whole = { ...event, after }
  const git = await readGit(deps, request, { url, event: whole, open })
  const verdicts = git === undefined ? goneFor(whole, found) : judgeAll(request, whole, found, git)
  return { refusal: undefined, event: whole, verdicts }
}

const NO_GIT: Git = { changes: new Map(), commits: [], trouble: undefined }

const namesCommit = (event: GitEvent): event is StartingEvent => event.branch !== null && event.after !== null

async function listTargets(
  { db, sources }: Deps,
  { projectId }: LookRequest,
  event: StartingEvent,
): Promise<Found[]> {
  const keys = await repositoryKeys(db, event.repository?.urls ?? [])
  const lists = await Promise.all(
    sources.map(async (source) =>
      withHistory(db, { source, event, targets: await source.list(db, { keys, projectId }) }),
    ),
  )
  return lists.flat()
}

const NOTHING_BUILT: TargetHistory = { base: null, newestBuild: undefined }

async function withHistory(
  db: Db,
  {
    source,
    event,
    targets,
  }: { source: TargetSource; event: StartingEvent; targets: readonly TriggerTarget[] },
): Promise<Found[]> {
  const judged = targets.map((target) => ({ source, target, refusal: refuseByAll(event, target) }))
  const open = judged.flatMap(({ target, refusal }) => (refusal === undefined ? [target] : []))
  const known = open.length === 0 ? new Map() : await source.history(db, open, event)
  return judged.map((one) => ({ ...one, history: known.get(one.target) ?? NOTHING_BUILT }))
}

/** Why the event is for none of the target's watchers. */
function refuseByAll(event: StartingEvent, target: TriggerTarget): TriggerVerdict | undefined {
  const refusals = watchersOf(target).map((watcher) => refuseByEvent(event, watcher))
  return refusals.includes(undefined) ? undefined : refusals[0]
}

/** Bitbucket shortens the commit of a pull request; it is the tip of its branch, or out of date. */
async function wholeCommit(
  git: GitReader,
  { url, event, signal }: { url: string; event: StartingEvent; signal: AbortSignal },
): Promise<string | undefined> {
  if (event.after.length === 40) return event.after
  const tip = (await git.heads({ url, signal })).get(event.branch)
  return tip?.startsWith(event.after) ? tip : undefined
}

/** Undefined: the repository holds no such commit. */
async function readGit(
  { git }: Deps,
  { signal, giveUpOnGit }: LookRequest,
  { url, event, open }: { url: string; event: StartingEvent; open: readonly Found[] },
): Promise<Git | undefined> {
  const bases = new Set(
    open.flatMap(({ target, history: { base } }) =>
      base !== null && watchersOf(target).some(({ pathRules }) => pathRules.length > 0) ? [base] : [],
    ),
  )
  const messages = wantedMessages(event, open)
  const known = knownCommits(event)
  if (bases.size === 0 && messages.of === 'none') return { ...NO_GIT, commits: known }
  const { branch, after } = event
  const whole = [...bases].filter((sha) => sha.length === 40)
  try {
    const found = await git.compare({ url, branch, after, bases: whole, messages, signal })
    return { changes: found.changes, commits: joined(known, found.commits), trouble: undefined }
  } catch (error) {
    if (!(error instanceof FairwayError) || !giveUpOnGit || signal.aborted) throw error
    if (error.code === 'commit_not_found') return undefined
    return { changes: new Map(), commits: known, trouble: error.message }
  }
}

function wantedMessages(event: StartingEvent, open: readonly Found[]): CompareRequest['messages'] {
  const watchers = open.flatMap(({ target }) => watchersOf(target))
  if (watchers.every(({ ignoreFlags }) => ignoreFlags.length === 0)) return { of: 'none' }
  if (event.kind === 'pull_request') return event.headCommit === null ? { of: 'head' } : { of: 'none' }
  if (event.commitsComplete) return { of: 'none' }
  const before = event.before?.length === 40 ? event.before : null
  return { of: 'range', before }
}

const knownCommits = ({ commits, headCommit }: GitEvent): readonly CommitOfEvent[] =>
  headCommit === null ? commits : joined(commits, [headCommit])

/** Each commit once; what git says comes later and may add to what the host left out. */
const joined = (first: readonly CommitOfEvent[], second: readonly CommitOfEvent[]): CommitOfEvent[] => [
  ...new Map([...first, ...second].map((commit) => [commit.sha, commit])).values(),
]

const goneFor = (event: StartingEvent, found: readonly Found[]): TriggerLook['verdicts'] =>
  found.map(({ source, target, refusal }) => ({
    source,
    target,
    verdict: refusal ?? {
      start: false,
      rule: 'no-commit',
      commit: event.after,
      sentence: `The repository holds no commit ${event.after.slice(0, 12)} of "${event.branch}" any more.`,
    },
  }))

function judgeAll(
  { byHand }: LookRequest,
  event: StartingEvent,
  found: readonly Found[],
  git: Git,
): TriggerLook['verdicts'] {
  return found.map(({ source, target, refusal, history }) => ({
    source,
    target,
    verdict:
      refusal ??
      judgeTarget(event, target, {
        changed: changedOf(history, git),
        commits: git.commits,
        newestBuild: history.newestBuild,
        byHand,
      }),
  }))
}

/** The first of its watchers that says yes; else why the first one that the event is for says no. */
function judgeTarget(event: StartingEvent, target: TriggerTarget, facts: Facts): TriggerVerdict {
  const [watcher = target.watcher, ...others] = watchersOf(target).filter(
    (one) => refuseByEvent(event, one) === undefined,
  )
  const first = judge(event, watcher, facts)
  if (first.start) return first
  return others.map((one) => judge(event, one, facts)).find(({ start }) => start) ?? first
}

function changedOf({ base }: TargetHistory, { changes, trouble }: Git): ChangedFiles {
  if (trouble !== undefined) return { known: false, why: trouble }
  if (base === null) return { known: false, why: 'nothing of this branch was built before.' }
  const files = changes.get(base)
  if (files !== undefined) return { known: true, files }
  return { known: false, why: `the repository has no commit ${base.slice(0, 7)}, which was built last.` }
}
