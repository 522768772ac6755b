import type { GitCredentials } from '@fairway/contract/resources/git-account'
import type { GitHostName } from '@fairway/contract/resources/trigger-event'

/** An account that may write to its host. */
export type ReportingAccount = {
  host: GitHostName
  /** Where the host's API is, without a slash at its end. */
  apiUrl: string
  credentials: Extract<GitCredentials, { type: 'token' | 'github-app' }>
}

export type ReportState = 'pending' | 'success' | 'failure' | 'error'

/** A commit has one status of each context. */
export type StatusContent = { state: ReportState; description: string; url: string | null }

type Call = {
  account: ReportingAccount
  /** `owner/name`, with all groups where a host has groups. */
  repository: string
  /** An earlier attempt to say the same may have arrived: look before saying it again. */
  mayHaveArrived: boolean
  signal: AbortSignal
}

export type StatusReport = Call & StatusContent & { sha: string; context: string }

/** A pull request has one comment of each marker, which is hidden in its text. */
export type CommentReport = Call & { pullRequest: number; marker: string; body: string }

/**
 * Writes to git hosts. Each call ends within 20 seconds. Raises `host_refused` when the host answered and will not take it,
 * `host_unreachable` when trying again may help.
 */
export type HostReporter = {
  reportStatus(report: StatusReport): Promise<void>
  comment(report: CommentReport): Promise<void>
}
