import { FairwayError } from '@fairway/contract/errors'
import type { BuildOwner } from '../../db/build-choice.ts'
import { type BuildOrder, type BuildOverrides, findReusableBuild, insertBuild } from '../../db/builds.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { lockJob } from '../../db/jobs.ts'
import { lockService } from '../../db/services.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { newBuildId } from './build-id.ts'
import { buildOrderOf } from './build-order.ts'
import { sealBuildValues } from './build-values.ts'
import { requireRepository } from './request.ts'

export type BuildStart = BuildOwner & {
  branch: string
  /** Absent: the tip of the branch when the build starts. */
  sha?: string | undefined
  pullRequestId?: number | undefined
  /** As the contract's `buildOverrides`. */
  overrides?: Record<string, unknown> | undefined
  /** Answer an equal build of the same commit that succeeded or is under way. */
  reuse: boolean
  actor: string
}

/** Queues a build of a service or job, or answers one that already makes the same. */
export async function startBuild(
  tx: Tx,
  start: BuildStart,
  sealer: Sealer,
): Promise<{ buildId: string; reused: boolean }> {
  const { projectId, ownerKind, ownerId, branch, sha, actor } = start
  const owner = { projectId, ownerKind, ownerId }
  const request = await orderOf(tx, start, sealer)
  const equal =
    start.reuse && sha !== undefined ? await findReusableBuild(tx, owner, { sha, request }) : undefined
  if (equal !== undefined) return { buildId: equal, reused: true }
  const buildId = await insertNamed(tx, {
    ...owner,
    branch,
    sha,
    pullRequestId: start.pullRequestId,
    request,
    actor,
  })
  const subject = `${projectId}/${buildId}`
  await recordEvent(tx, {
    projectId,
    topic: 'build',
    subject,
    type: 'build.status',
    actor,
    data: { status: 'QUEUED', sha: sha ?? null },
  })
  await schedule(tx, 'build', subject)
  return { buildId, reused: false }
}

/** The owner is locked, so that two who ask for the same commit at once share one build. */
async function orderOf(
  tx: Tx,
  { projectId, ownerKind, ownerId, overrides }: BuildStart,
  sealer: Sealer,
): Promise<BuildOrder> {
  const { spec } =
    ownerKind === 'service'
      ? await lockService(tx, { projectId, serviceId: ownerId })
      : await lockJob(tx, { projectId, jobId: ownerId })
  const { projectUrl } = await requireRepository(tx, { projectId, ownerKind, ownerId })
  const own = (overrides ?? {}) as BuildOverrides
  return {
    url: projectUrl,
    ...buildOrderOf(spec, own),
    ...sealBuildValues(own, sealer),
  }
}

const TRIES = 5

async function insertNamed(
  tx: Tx,
  build: Omit<Parameters<typeof insertBuild>[1], 'buildId'>,
): Promise<string> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const buildId = newBuildId()
    if (await insertBuild(tx, { ...build, buildId })) return buildId
  }
  throw new FairwayError('conflict', 'No free build id was found. Start the build again.')
}
