import { FairwayError } from '@fairway/contract/errors'
import { findArtifactKind } from '../../db/artifacts.ts'
import type { BuildRow } from '../../db/builds.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { listServicesOfSource } from '../../db/following-services.ts'
import { findHold } from '../../db/holds.ts'
import { hasNewerBuild } from '../../db/job-artifact.ts'
import { findRevision } from '../../db/revisions.ts'
import type { ServiceRow } from '../../db/services.ts'
import type { Sealer } from '../../lib/seal.ts'
import { deployToService } from './deploy.ts'
import { isPinned } from './deploy-source.ts'

const ACTOR = 'continuous deployment'

/**
 * Gives a build that succeeded to the services that follow its branch: combined services their own builds, deployment
 * services those of the service they name. Why one of them does not get it is recorded.
 */
export async function deployIfFollowing(tx: Tx, build: BuildRow, sealer: Sealer): Promise<void> {
  if (build.artifact_digest === null || build.owner_kind !== 'service') return
  const owner = { projectId: build.project_id, ownerId: build.owner_id }
  for (const service of await listServicesOfSource(tx, owner)) {
    if (!followsBranch(service, build)) continue
    const refusal = await refusalOf(tx, service, build)
    if (refusal !== undefined) await tellRefusal(tx, { service, build, refusal })
    else await deploy(tx, { service, build, digest: build.artifact_digest }, sealer)
  }
}

/** A deployment service without a branch takes builds of every branch. */
function followsBranch({ spec }: ServiceRow, { branch }: BuildRow): boolean {
  const wanted = spec.vcsData?.projectBranch ?? spec.deployment?.internal?.branch
  return wanted === undefined || wanted === branch
}

async function refusalOf(tx: Tx, service: ServiceRow, build: BuildRow): Promise<string | undefined> {
  if (service.disabled_cd) return 'continuous deployment is off'
  if (service.paused) return 'the service is paused'
  if (isPinned(service.spec.deployment)) return 'the service names one version'
  if (service.spec.deployment?.releaseFlowControlled) return 'only release flows may deploy to it'
  const key = {
    projectId: service.project_id,
    target: { kind: 'service', id: service.id } as const,
    digest: build.artifact_digest ?? '',
  }
  const hold = await findHold(tx, key)
  if (hold !== undefined) return `the version is held: ${hold.reason}`
  const deployed = await findRevision(tx, service.desired_revision)
  const wanted = { projectId: build.project_id, buildId: build.id }
  const older = await hasNewerBuild(tx, wanted, deployed?.build_id ?? null)
  return older ? 'a newer build is deployed' : undefined
}

type Given = { service: ServiceRow; build: BuildRow }

async function deploy(
  tx: Tx,
  { service, build, digest }: Given & { digest: string },
  sealer: Sealer,
): Promise<void> {
  const { id: buildId, owner_id: id, branch, sha: buildSHA, project_id: projectId } = build
  const kind = await findArtifactKind(tx, digest)
  if (kind === undefined)
    return tellRefusal(tx, { service, build, refusal: 'the build is not kept any more' })
  const foreign = projectId === service.project_id ? {} : { projectId }
  const artifact = {
    kind,
    digest,
    buildId,
    source: { internal: { id, branch, buildSHA, buildId, ...foreign } },
  }
  try {
    await deployToService(
      tx,
      { projectId: service.project_id, serviceId: service.id, artifact, reason: 'cd', actor: ACTOR },
      sealer,
    )
  } catch (error) {
    // What is wrong with the service must not make the build fail; nothing was written yet when this is thrown.
    if (!(error instanceof FairwayError)) throw error
    await tellRefusal(tx, { service, build, refusal: error.message })
  }
}

function tellRefusal(tx: Tx, { service, build, refusal }: Given & { refusal: string }): Promise<void> {
  return recordEvent(tx, {
    projectId: service.project_id,
    topic: 'service',
    subject: `${service.project_id}/${service.id}`,
    type: 'service.not-deployed',
    actor: ACTOR,
    data: { buildId: build.id, reason: refusal },
  })
}
