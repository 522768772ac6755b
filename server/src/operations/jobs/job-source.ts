import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { forgetImageFollow } from '../../db/image-follows.ts'
import { type JobRow, lockJob, updateJob } from '../../db/jobs.ts'
import type { Sealer } from '../../lib/seal.ts'
import { chooseArtifact, type SourceRequest } from '../builds/choose.ts'
import { startBuild } from '../builds/start.ts'
import type { KnownImages } from '../registries/external-image.ts'
import { deployToJob } from './deploy.ts'

type Choosing = { actor: string; reason: 'deploy'; images: KnownImages | undefined }

/** A job that builds from git gets its first build at once. */
export async function startFirstBuild(tx: Tx, job: JobRow, actor: string, sealer: Sealer): Promise<void> {
  const branch = job.spec.vcsData?.projectBranch
  if (branch === undefined) return
  const owner = { projectId: job.project_id, ownerKind: 'job', ownerId: job.id } as const
  await startBuild(tx, { ...owner, branch, reuse: false, actor }, sealer)
}

/**
 * Gives a job what its spec names, when there is a build of it. False: there is none yet. With a sealer, a job that
 * asks for it by `runOnSourceChange` runs at once.
 */
export async function chooseJobSource(
  tx: Tx,
  job: JobRow,
  { actor, reason, images }: Choosing,
  sealer?: Sealer,
): Promise<boolean> {
  const { project_id: projectId, id: jobId, spec } = job
  const self = { projectId, ownerKind: 'job', ownerId: jobId } as const
  const artifact = await chooseArtifact(tx, self, spec.deployment, images)
  if (artifact === undefined) return false
  await deployToJob(tx, { projectId, jobId, artifact, reason, actor }, sealer)
  return true
}

/** Chooses a build or image by hand. The kind of source stays; continuous deployment goes off. */
export async function deployJobByHand(
  tx: Tx,
  target: { projectId: string; jobId: string; actor: string; images?: KnownImages },
  { internal, external }: SourceRequest,
  sealer: Sealer,
): Promise<void> {
  const job = await lockJob(tx, target)
  const { internal: oldInternal, external: oldExternal, ...deployment } = job.spec.deployment
  const otherKind = external !== undefined ? (oldInternal ?? job.spec.vcsData) : oldExternal
  if (otherKind !== undefined) {
    throw new FairwayError('conflict', 'The kind of source of a job cannot be changed. Create another job.')
  }
  const id = internal?.id ?? oldInternal?.id
  const source = external ? { external } : { internal: { ...internal, ...(id !== undefined && { id }) } }
  const changed = await updateJob(tx, target, {
    spec: { ...job.spec, deployment: { ...deployment, ...source } },
    disabled_cd: internal?.buildSHA !== 'latest' && external?.follow === undefined,
  })
  await forgetImageFollow(tx, { projectId: target.projectId, kind: 'job', id: target.jobId })
  const choosing = { actor: target.actor, reason: 'deploy', images: target.images } as const
  if (await chooseJobSource(tx, changed, choosing, sealer)) return
  throw new FairwayError(
    'invalid_state',
    'There is no successful build of that branch or commit. Start a build first.',
  )
}
