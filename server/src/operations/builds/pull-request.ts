import { FairwayError } from '@fairway/contract/errors'
import { commitSha, type VcsData } from '@fairway/contract/resources/git'
import type { Db } from '../../db/db.ts'
import { findPullRequestEvent } from '../../db/pull-requests.ts'
import { branchToBuild } from './request.ts'

/**
 * The head branch and commit of a pull request, as the host's webhook said last; without a commit the branch's newest is
 * meant. 404 when no event of it is kept, 409 when it is closed or comes from a fork.
 */
export async function pullRequestToBuild(
  db: Db,
  vcsData: VcsData,
  pullRequestId: number,
): Promise<{ branch: string; sha: string | undefined }> {
  const event = await findPullRequestEvent(db, { url: vcsData.projectUrl, pullRequestId })
  if (!event?.pullRequest || event.branch === null)
    throw new FairwayError(
      'not_found',
      `Nothing is known of pull request ${pullRequestId}. Have the host deliver pull request events, or build its branch.`,
    )
  if (event.pullRequest.fromFork)
    throw new FairwayError(
      'invalid_state',
      'Pull requests from forks are not built: a build gets your secrets.',
    )
  if (event.pullRequest.action === 'closed')
    throw new FairwayError(
      'invalid_state',
      `Pull request ${pullRequestId} is closed. Build a branch instead.`,
    )
  const branch = branchToBuild(vcsData, event.branch)
  return { branch, sha: commitSha.safeParse(event.after).data }
}
