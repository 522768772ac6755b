import { FairwayError } from '@fairway/contract/errors'
import { branchName, commitSha, gitUrlProblem } from '@fairway/contract/resources/git'

/** Answers the URL when git may be given it: an https, http, ssh, git or file URL, or an absolute path. */
export function requireUrl(url: string): string {
  const problem = urlProblem(url)
  if (problem === undefined) return url
  throw new FairwayError('invalid_git_url', `The repository URL ${problem}.`)
}

// The daemon's protocol and plain paths obey the same rules as the forms that the API accepts.
function urlProblem(url: string): string | undefined {
  if (url.startsWith('/')) return gitUrlProblem(`file://${url}`)
  if (url.startsWith('git://')) return gitUrlProblem(url.replace('git://', 'https://'))
  return gitUrlProblem(url)
}

export function requireBranch(branch: string): string {
  if (branchName.safeParse(branch).success) return branch
  throw new FairwayError(
    'invalid_git_url',
    'The branch must be a git branch name that does not start with "-".',
  )
}

export function requireSha(sha: string): string {
  if (commitSha.safeParse(sha).success) return sha
  throw new FairwayError('invalid_git_url', 'The commit must be a full commit id: 40 hexadecimal digits.')
}
