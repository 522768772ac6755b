import type { ExternalSource } from '@fairway/contract/resources/deployment'
import type { Tx } from '../../db/db.ts'
import { findHold } from '../../db/holds.ts'
import type { Follower, FollowerKey } from '../../db/image-follows.ts'
import { lockJob } from '../../db/jobs.ts'
import { lockService } from '../../db/services.ts'
import type { Sealer } from '../../lib/seal.ts'
import { deployToJob } from '../jobs/deploy.ts'
import { chooseImage } from '../registries/external-image.ts'
import { deployToService } from '../services/deploy.ts'

const ACTOR = 'continuous deployment'

/** Whoever changes a service or job locks it first; what was read of it holds until the transaction ends. */
export async function lockFollower(tx: Tx, { projectId, kind, id }: FollowerKey): Promise<void> {
  if (kind === 'service') await lockService(tx, { projectId, serviceId: id })
  else await lockJob(tx, { projectId, jobId: id })
}

/** Why an image may not be deployed by itself now. */
export async function refuseFollowed(tx: Tx, follower: Follower, digest: string) {
  const { projectId, kind, id, isPaused, flowControlled } = follower
  if (isPaused) return { rule: 'paused', sentence: `The ${kind} is paused.` } as const
  if (flowControlled)
    return { rule: 'flow-controlled', sentence: 'Only release flows may deploy to it.' } as const
  const hold = await findHold(tx, { projectId, target: { kind, id }, digest })
  if (hold === undefined) return undefined
  return { rule: 'held', sentence: `The version is held: ${hold.reason}` } as const
}

export type DeployedImage = { kind: 'deployment' | 'job-run'; id: string }

/** Deploys an image that a follower was found to want; answers the revision, or the run of a job that asked for one. */
export async function deployFollowed(
  tx: Tx,
  { projectId, kind, id }: FollowerKey,
  { external, digest }: { external: ExternalSource; digest: string },
  sealer: Sealer,
): Promise<DeployedImage> {
  const artifact = await chooseImage(tx, { projectId, external }, [{ projectId, external, digest }])
  const deployment = { projectId, artifact, reason: 'cd', actor: ACTOR } as const
  if (kind === 'service') {
    const { revisionId } = await deployToService(tx, { ...deployment, serviceId: id }, sealer)
    return { kind: 'deployment', id: revisionId }
  }
  const { runId } = await deployToJob(tx, { ...deployment, jobId: id }, sealer)
  return runId === undefined ? { kind: 'deployment', id } : { kind: 'job-run', id: runId }
}
