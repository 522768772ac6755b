import { FairwayError } from '@fairway/contract/errors'
import type { ServiceDeployment } from '@fairway/contract/resources/deployment'
import type { Tx } from '../../db/db.ts'
import { forgetImageFollow } from '../../db/image-follows.ts'
import { lockService, type ServiceRow, updateService } from '../../db/services.ts'
import type { Sealer } from '../../lib/seal.ts'
import { chooseArtifact, requireOwner, type SourceRequest } from '../builds/choose.ts'
import type { KnownImages } from '../registries/external-image.ts'
import { deployToService } from './deploy.ts'

type Deploying = { actor: string; reason: 'deploy'; images: KnownImages | undefined }

/**
 * Deploys what a service's spec names, when there is a build of it. False: there is none yet; the service waits
 * for one, and continuous deployment brings it.
 */
export async function deploySource(
  tx: Tx,
  service: ServiceRow,
  { actor, reason, images }: Deploying,
  sealer: Sealer,
): Promise<boolean> {
  const { project_id: projectId, id: serviceId, spec } = service
  const self = { projectId, ownerKind: 'service', ownerId: serviceId } as const
  const artifact = await chooseArtifact(tx, self, spec.deployment ?? {}, images)
  if (artifact === undefined) return false
  await deployToService(tx, { projectId, serviceId, artifact, reason, actor }, sealer)
  return true
}

/** Whether a source names one version rather than the newest: then continuous deployment is off. */
export function isPinned(deployment: Pick<ServiceDeployment, 'internal' | 'external'> | undefined): boolean {
  const { internal } = deployment ?? {}
  if (internal === undefined) return false
  const { buildId, buildSHA } = internal
  return (buildId !== undefined && buildId !== 'latest') || (buildSHA !== undefined && buildSHA !== 'latest')
}

type Target = { projectId: string; serviceId: string; actor: string; images?: KnownImages }

/**
 * Deploys a build or an image by hand. The source becomes the service's; continuous deployment goes off, or on again
 * with `buildSHA: latest` and for an image that names what to follow. 409 when there is no build to deploy.
 */
export async function deployByHand(
  tx: Tx,
  target: Target,
  source: SourceRequest,
  sealer: Sealer,
): Promise<void> {
  const service = await lockService(tx, target)
  if (service.kind === 'build') {
    throw new FairwayError('invalid_state', `"${service.id}" is a build service: it runs nothing.`)
  }
  if (service.kind === 'combined' && (source.external ?? source.internal?.id) !== undefined) {
    throw new FairwayError('invalid_request', 'A combined service deploys its own builds only.')
  }
  const next = withKnownOwner(service, source)
  const self = { projectId: target.projectId, ownerKind: 'service', ownerId: target.serviceId } as const
  if (next.internal !== undefined) await requireOwner(tx, self, next.internal.id)
  const {
    internal: _internal,
    external: _external,
    ...deployment
  } = service.spec.deployment ?? ({} as ServiceDeployment)
  const changed = await updateService(tx, target, {
    spec: { ...service.spec, deployment: { ...deployment, ...next } as ServiceDeployment },
    disabled_cd: next.internal?.buildSHA !== 'latest' && next.external?.follow === undefined,
  })
  await forgetImageFollow(tx, { projectId: target.projectId, kind: 'service', id: target.serviceId })
  const deploying = { actor: target.actor, reason: 'deploy', images: target.images } as const
  if (await deploySource(tx, changed, deploying, sealer)) return
  throw new FairwayError(
    'invalid_state',
    'There is no successful build of that branch or commit. Start a build first.',
  )
}

/** A request may leave the build service out: then it is the one the service has. */
function withKnownOwner(service: ServiceRow, { internal, external }: SourceRequest): SourceRequest {
  if (external !== undefined) return { external }
  const id = internal?.id ?? service.spec.deployment?.internal?.id
  return { internal: { ...internal, ...(id !== undefined && { id }) } }
}
