import type { CommitOfEvent } from '@fairway/contract/resources/trigger-event'

/** The files that differ between a base and the commit; undefined: the repository does not hold the base any more. */
export type Changes = ReadonlyMap<string, readonly string[] | undefined>

export type CompareRequest = {
  url: string
  branch: string
  /** The commit that was pushed. */
  after: string
  /** Commits to compare it with. */
  bases: readonly string[]
  /** Whose messages are wanted: `range` all that `after` has and `before` has not, `head` the commit alone. */
  messages: { of: 'none' } | { of: 'head' } | { of: 'range'; before: string | null }
  signal: AbortSignal
}

/** What git itself knows of a repository, without its files. Kept between calls, by repository. */
export type GitReader = {
  /** Fails with `repository_unreachable`, `commit_not_found` or `invalid_git_url`. */
  compare(request: CompareRequest): Promise<{ changes: Changes; commits: CommitOfEvent[] }>
  /** The commit at the tip of each branch. Fails with `repository_unreachable` or `invalid_git_url`. */
  heads(request: { url: string; signal: AbortSignal }): Promise<Map<string, string>>
}
