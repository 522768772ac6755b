import { FairwayError, invalid } from '@fairway/contract/errors'
import type { VcsData } from '@fairway/contract/resources/git'
import type { BuildOwner } from '../../db/build-choice.ts'
import type { Db } from '../../db/db.ts'
import { requireJob } from '../../db/jobs.ts'
import { requireService } from '../../db/services.ts'

/** The service or job; 404 when there is none. Whether it builds anything is another question. */
export const requireBuildOwner = (db: Db, { projectId, ownerKind, ownerId }: BuildOwner) =>
  ownerKind === 'service'
    ? requireService(db, { projectId, serviceId: ownerId })
    : requireJob(db, { projectId, jobId: ownerId })

/** The repository of a service or job that builds; 404 when there is no such owner, 409 when it builds nothing. */
export async function requireRepository(db: Db, owner: BuildOwner): Promise<VcsData> {
  const { spec } = await requireBuildOwner(db, owner)
  if (spec.vcsData !== undefined) return spec.vcsData
  throw new FairwayError(
    'invalid_state',
    `The ${owner.ownerKind} "${owner.ownerId}" builds nothing: it has no repository.`,
  )
}

/** The branch to build: the one asked for, or the owner's own. */
export function branchToBuild(vcsData: VcsData, asked: string | undefined): string {
  const branch = asked ?? vcsData.projectBranch
  if (branch === undefined) throw invalid('branch', 'is required: the service builds several branches')
  if (vcsData.projectBranch !== undefined && branch !== vcsData.projectBranch) {
    throw invalid('branch', `must be "${vcsData.projectBranch}", the branch of this resource`)
  }
  return branch
}
