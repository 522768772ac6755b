import { z } from 'zod'

export const gitHosts = ['github', 'gitlab', 'bitbucket', 'gitea', 'generic'] as const
export type GitHostName = (typeof gitHosts)[number]

export const gitEventKinds = ['push', 'pull_request', 'tag', 'delete', 'ping', 'other'] as const

export const pullRequestActions = ['opened', 'updated', 'reopened', 'ready', 'closed', 'other'] as const
export type PullRequestAction = (typeof pullRequestActions)[number]

const commit = z.object({ sha: z.string(), message: z.string() })
export type CommitOfEvent = z.output<typeof commit>

/** What a git host said, in the same words for every host. */
export const gitEvent = z.object({
  host: z.enum(gitHosts),
  kind: z.enum(gitEventKinds),
  /** The host's own name of the event: `push`, `Merge Request Hook`, `repo:push`. */
  name: z.string(),
  repository: z
    .object({ name: z.string(), urls: z.array(z.string()) })
    .nullable()
    .describe('every URL under which the host offers it'),
  branch: z.string().nullable().describe('of a tag event: the tag; of a pull request: its head branch'),
  before: z.string().nullable().describe('null: the branch is new'),
  after: z.string().nullable().describe('the commit to build; null: the branch or tag is gone'),
  commits: z.array(commit).describe('oldest first'),
  commitsComplete: z.boolean().describe('false: the host left commits out of its list'),
  headCommit: commit.nullable(),
  pullRequest: z
    .object({
      id: z.number(),
      action: z.enum(pullRequestActions),
      draft: z.boolean(),
      fromFork: z.boolean(),
      base: z.object({ branch: z.string(), sha: z.string().nullable() }),
    })
    .nullable(),
  sender: z.string().nullable(),
  forced: z.boolean(),
})
export type GitEvent = z.output<typeof gitEvent>

/** Where a trigger event came from. */
export const triggerSources = ['webhook', 'poll', 'api', 'cron', 'image', 'gitops'] as const
export type TriggerSource = (typeof triggerSources)[number]

/** What may be started: a service or job (builds), a release flow (runs), or the reading of a linked document. */
export const watcherKinds = ['service', 'job', 'release-flow', 'gitops'] as const
export type WatcherKind = (typeof watcherKinds)[number]

/** The rules that may decide against a start. */
export const refusalRules = [
  'kind',
  'tag',
  'branch-deleted',
  'no-commit',
  'branch',
  'pull-request',
  'pull-request-action',
  'fork',
  'draft',
  'ci-disabled',
  'commit-flag',
  'path',
  'already-built',
  'paused',
  'held',
  'flow-controlled',
  'registry',
  'concurrency',
  'cannot-start',
  'invalid-document',
  'conflict',
] as const
export type RefusalRule = (typeof refusalRules)[number]

/** Why something was or was not started, for one watcher. */
export type TriggerVerdict =
  | { start: true; sentence: string }
  | {
      start: false
      rule: RefusalRule
      /** The pattern, path rule or flag as it was written. */
      text?: string
      file?: string
      commit?: string
      sentence: string
    }
