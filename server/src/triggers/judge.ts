import { branchName } from '@fairway/contract/resources/git'
import type {
  CommitOfEvent,
  GitEvent,
  RefusalRule,
  TriggerVerdict,
} from '@fairway/contract/resources/trigger-event'
import { fitsAny } from './branch-pattern.ts'
import { judgePaths, type PathAnswer } from './path-rules.ts'
import type { Watcher } from './watcher.ts'

/** The files that differ between what was last built and what was pushed, or why nobody knows. */
export type ChangedFiles = { known: true; files: readonly string[] } | { known: false; why: string }

/** What git and the database tell about an event, for one watcher. */
export type Facts = {
  changed: ChangedFiles
  /** Of the whole push, oldest first; of a pull request its head commit alone. */
  commits: readonly CommitOfEvent[]
  /** The watcher's newest build of the branch. */
  newestBuild: { id: string; sha: string | null; concluded: boolean } | undefined
  /** Replayed by a person: a concluded build of the same commit does not hold it back. */
  byHand: boolean
}

type Refusal = Extract<TriggerVerdict, { start: false }>

const no = (rule: RefusalRule, sentence: string, more: Partial<Refusal> = {}): Refusal => ({
  start: false,
  rule,
  ...more,
  sentence,
})

/** Why an event can start nothing, whoever watches; undefined when it may. */
export function refuseEvent(event: GitEvent): Refusal | undefined {
  const { kind, name, branch } = event
  if (kind === 'ping') return no('kind', 'The host tried the webhook. It works.')
  if (kind === 'other') return no('kind', `Nothing watches events of the kind "${name}".`)
  if (kind === 'tag') return no('tag', `"${branch ?? ''}" is a tag; builds start from branches.`)
  if (kind === 'delete') return no('branch-deleted', `The branch "${branch ?? ''}" was deleted.`)
  if (event.after === null || branch === null)
    return no('no-commit', 'The event names no commit or no branch.')
  if (!branchName.safeParse(branch).success)
    return no('branch', 'The event names a branch that git would not accept.', { text: branch.slice(0, 200) })
  return undefined
}

/** Why the event is not for this watcher: what can be said without looking into the repository. */
export function refuseByEvent(event: GitEvent, watcher: Watcher): Refusal | undefined {
  const refused =
    refuseEvent(event) ?? (event.kind === 'push' ? refuseBranch(event, watcher) : refusePull(event, watcher))
  if (refused !== undefined) return refused
  if (watcher.isPaused) return no('paused', 'The triggers of this flow are paused.')
  return watcher.ciEnabled ? undefined : no('ci-disabled', 'Continuous integration is off.')
}

function refuseBranch({ branch }: GitEvent, { branchPatterns }: Watcher): Refusal | undefined {
  if (fitsAny(branchPatterns, branch ?? '')) return undefined
  const text = branchPatterns.join(', ')
  const only = text === '' ? 'no branch is built' : `only ${text} is built`
  return no('branch', `The push went to "${branch ?? ''}"; ${only}.`, { text })
}

const BUILDING_ACTIONS: readonly string[] = ['opened', 'updated', 'reopened', 'ready']

function refusePull(event: GitEvent, watcher: Watcher): Refusal | undefined {
  const { branch, pullRequest } = event
  const text = watcher.pullRequestPatterns.join(', ')
  if (pullRequest === null || !fitsAny(watcher.pullRequestPatterns, branch ?? '')) {
    const only = text === '' ? 'pull requests are not built' : `only those of ${text} are built`
    return no('pull-request', `The pull request comes from "${branch ?? ''}"; ${only}.`, { text })
  }
  if (!BUILDING_ACTIONS.includes(pullRequest.action))
    return no('pull-request-action', 'The pull request got no new commit.', { text: pullRequest.action })
  if (pullRequest.fromFork)
    return no('fork', 'The pull request comes from another repository; builds would hand it your secrets.')
  if (pullRequest.draft && watcher.ignoreDrafts) return no('draft', 'The pull request is a draft.')
  return undefined
}

/** Whether an event starts a build (or run) of this watcher, or the rule, file and commit that decide against it. */
export function judge(event: GitEvent, watcher: Watcher, facts: Facts): TriggerVerdict {
  return (
    refuseByEvent(event, watcher) ?? refuseFlag(event, watcher, facts) ?? judgeContent(event, watcher, facts)
  )
}

/** One flagged commit stops the whole push; of a pull request only the head commit counts. */
function refuseFlag(event: GitEvent, { ignoreFlags }: Watcher, { commits }: Facts): Refusal | undefined {
  if (ignoreFlags.length === 0) return undefined
  const flags = ignoreFlags.map((flag) => ({ flag, small: flag.toLowerCase() }))
  const counted =
    event.kind === 'pull_request' ? commits.filter(({ sha }) => isSame(sha, event.after)) : commits
  for (const { sha, message } of counted) {
    const small = message.toLowerCase()
    const found = flags.find((one) => small.includes(one.small))
    if (found !== undefined)
      return no('commit-flag', `The message of commit ${sha.slice(0, 7)} holds "${found.flag}".`, {
        text: found.flag,
        commit: sha,
      })
  }
  return undefined
}

/** One of the two may be shortened. */
const isSame = (one: string, other: string | null): boolean =>
  other !== null && (one.startsWith(other) || other.startsWith(one))

function judgeContent(event: GitEvent, watcher: Watcher, facts: Facts): TriggerVerdict {
  const paths = pathsOf(watcher, facts.changed)
  if (!paths.starts) return refusePaths(watcher, paths)
  const built = facts.newestBuild
  if (built !== undefined && built.sha === event.after && !(facts.byHand && built.concluded))
    return no(
      'already-built',
      `${watcher.kind === 'release-flow' ? 'Run' : 'Build'} ${built.id} is of this commit.`,
      { commit: event.after ?? '' },
    )
  return { start: true, sentence: reasonOf(event, watcher, paths, facts.changed) }
}

/** What is not known is built: a build too many costs less than a change that never arrives. */
const pathsOf = ({ pathRules, isAllowList }: Watcher, changed: ChangedFiles): PathAnswer =>
  changed.known ? judgePaths({ rules: pathRules, isAllowList }, changed.files) : { starts: true }

function refusePaths(
  { isAllowList, pathRules }: Watcher,
  { file, rule }: Extract<PathAnswer, { starts: false }>,
): Refusal {
  const more = {
    ...(file !== undefined && { file }),
    text: isAllowList ? pathRules.join(', ') : (rule ?? pathRules.join(', ')),
  }
  if (file === undefined) return no('path', 'No file changed, and only certain files start a build.', more)
  const sentence = isAllowList
    ? `No changed file is on the list of paths that start a build; the first is ${file}.`
    : `Every changed file is ignored; ${file} by the rule "${more.text}".`
  return no('path', sentence, more)
}

function reasonOf(
  { kind, branch, pullRequest }: GitEvent,
  { pathRules }: Watcher,
  paths: PathAnswer,
  changed: ChangedFiles,
): string {
  const what =
    kind === 'push'
      ? `A push to "${branch ?? ''}"`
      : `Pull request ${pullRequest?.id ?? ''} of "${branch ?? ''}"`
  if (pathRules.length === 0) return `${what}.`
  if (!changed.known) return `${what}; which files changed is not known: ${changed.why}`
  return paths.file === undefined ? `${what} that changed no file.` : `${what} that changed ${paths.file}.`
}
