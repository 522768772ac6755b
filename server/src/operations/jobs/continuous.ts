import type { BuildRow } from '../../db/builds.ts'
import type { Tx } from '../../db/db.ts'
import { findHold } from '../../db/holds.ts'
import { hasNewerBuild, listJobsFollowing } from '../../db/job-artifact.ts'
import type { JobRow } from '../../db/jobs.ts'
import type { Sealer } from '../../lib/seal.ts'
import { chooseArtifact } from '../builds/choose.ts'
import { deployToJob } from './deploy.ts'

/**
 * Gives a build that succeeded to the jobs that follow its branch. A held artifact, or one older than what the job
 * has, is passed over.
 */
export async function deployToJobsFollowing(tx: Tx, build: BuildRow, sealer: Sealer): Promise<void> {
  const { project_id: projectId, owner_kind: ownerKind, owner_id: ownerId, artifact_digest: digest } = build
  const owner = { projectId, ownerKind, ownerId }
  const artifact = await chooseArtifact(tx, owner, { internal: { buildId: build.id } })
  if (digest === null || artifact === undefined) return
  for (const job of await listJobsFollowing(tx, owner)) {
    if (!follows(job, build) || !(await mayDeploy(tx, job, build, digest))) continue
    await deployToJob(tx, { ...deploymentOf(job, build), artifact }, sealer)
  }
}

/** A job of a fixed build or commit, or one for release flows, follows nothing; one without a branch follows all. */
function follows({ spec }: JobRow, { branch }: BuildRow): boolean {
  const { internal, releaseFlowControlled } = spec.deployment
  if (releaseFlowControlled === true) return false
  const wanted = internal?.branch ?? spec.vcsData?.projectBranch
  const free = (value: string | undefined): boolean => value === undefined || value === 'latest'
  return free(internal?.buildId) && free(internal?.buildSHA) && (wanted === undefined || wanted === branch)
}

async function mayDeploy(tx: Tx, job: JobRow, build: BuildRow, digest: string): Promise<boolean> {
  const target = { kind: 'job', id: job.id } as const
  if ((await findHold(tx, { projectId: job.project_id, target, digest })) !== undefined) return false
  return !(await hasNewerBuild(tx, { projectId: build.project_id, buildId: build.id }, job.build_id))
}

const deploymentOf = (job: JobRow, { id }: BuildRow) =>
  ({ projectId: job.project_id, jobId: job.id, reason: 'cd', actor: `build ${id}` }) as const
