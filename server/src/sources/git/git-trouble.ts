import { FairwayError } from '@fairway/contract/errors'
import type { GitResult } from './run-git.ts'

/** What git said, as an error that says what to do. */
export const unreachable = ({ stderr }: GitResult): FairwayError => {
  if (stderr.includes('Host key verification failed'))
    return new FairwayError(
      'repository_unreachable',
      'The ssh server shows another host key than before. If that is right, clear knownHosts of the git account.',
      { detail: stderr },
    )
  const why =
    stderr.split('\n').find((line) => line.includes('Permission denied')) ??
    stderr.split('\n').find((line) => /^(fatal|error|ERROR|ssh)/.test(line)) ??
    stderr.split('\n')[0]
  return new FairwayError(
    'repository_unreachable',
    `git cannot read the repository: ${(why ?? 'it ended without a message').trim()}`,
    { detail: stderr },
  )
}
