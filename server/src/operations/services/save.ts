import { isDeepStrictEqual } from 'node:util'
import { check } from '@fairway/contract/check'
import { FairwayError } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import { type ServiceBody, type ServiceKind, serviceBodies } from '@fairway/contract/resources/service'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { deleteOwnSecrets } from '../../db/secrets.ts'
import {
  findService,
  insertService,
  insertServiceConfig,
  lockService,
  type ServiceRow,
  updateService,
} from '../../db/services.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { startBuild } from '../builds/start.ts'
import { setOwnSecrets } from '../environment/set-own.ts'
import { mergePatch } from '../merge-patch.ts'
import { requireOpenProject } from '../projects/require.ts'
import type { KnownImages } from '../registries/external-image.ts'
import { requireTags } from '../tags/save.ts'
import { attachVolume } from '../volumes/attach.ts'
import { deploySource, isPinned } from './deploy-source.ts'
import {
  bodyOfService,
  keepingSource,
  type NormalisedService,
  normaliseService,
  runPartOf,
} from './normalise.ts'
import { redeployService } from './redeploy.ts'
import { scaleService } from './scale.ts'

type Caller = { projectId: string; actor: string; images?: KnownImages }
type Target = Caller & { serviceId: string }

/** Creates a service. A combined one starts its first build; a deployment one deploys its source if it is there. */
export async function createService(
  tx: Tx,
  { kind, ...caller }: Caller & { kind: ServiceKind },
  body: ServiceBody,
  sealer: Sealer,
): Promise<ServiceRow> {
  const { projectId } = caller
  await requireOpenProject(tx, projectId)
  await requireTags(tx, body.tags)
  const id = slugOf(body.name)
  const normal = normaliseService(body)
  const service = await insertService(tx, rowOf({ projectId, id, kind, name: body.name }, normal))
  if (service === undefined) {
    throw new FairwayError('name_taken', `There is a service "${id}" already. Choose another name.`)
  }
  await insertServiceConfig(tx, service)
  // A service of this name may have been deleted before: its values must not come back.
  await deleteOwnSecrets(tx, { projectId, kind: 'service', id })
  await setOwnSecrets(tx, { projectId, kind: 'service', id }, normal.secrets, sealer)
  await recordEvent(tx, event(caller, id, 'service.create'))
  await schedule(tx, 'service', `${projectId}/${id}`)
  await attachFirst(tx, { ...caller, serviceId: id }, body, sealer)
  await startRunning(tx, service, caller, sealer)
  return lockService(tx, { projectId, serviceId: id })
}

function rowOf(
  identity: { projectId: string; id: string; kind: ServiceKind; name: string },
  { spec, description, tags, instances, disabledCI, disabledCD }: NormalisedService,
): Parameters<typeof insertService>[1] {
  const { projectId, id, kind, name } = identity
  return {
    project_id: projectId,
    id,
    kind,
    name,
    description,
    spec,
    tags,
    instances,
    disabled_ci: disabledCI,
    disabled_cd: disabledCD || isPinned(spec.deployment),
  }
}

async function attachFirst(
  tx: Tx,
  { projectId, serviceId, actor }: Target,
  body: ServiceBody,
  sealer: Sealer,
): Promise<void> {
  const volumes = ('createOptions' in body ? body.createOptions?.volumesToAttach : undefined) ?? []
  for (const volumeId of volumes) {
    const object = { id: serviceId, type: 'service' } as const
    await attachVolume(tx, { projectId, volumeId, object, actor }, sealer)
  }
}

async function startRunning(
  tx: Tx,
  service: ServiceRow,
  { actor, images }: Caller,
  sealer: Sealer,
): Promise<void> {
  const { project_id: projectId, id, kind, spec } = service
  const branch = spec.vcsData?.projectBranch
  if (kind === 'combined' && branch !== undefined) {
    const owner = { projectId, ownerKind: 'service', ownerId: id } as const
    await startBuild(tx, { ...owner, branch, reuse: false, actor }, sealer)
  }
  if (kind === 'deployment') await deploySource(tx, service, { actor, reason: 'deploy', images }, sealer)
}

/** Creates the service, or replaces everything about the one of this name. `conflict` for one of another kind. */
export async function putService(
  tx: Tx,
  caller: Caller & { kind: ServiceKind },
  body: ServiceBody,
  sealer: Sealer,
): Promise<ServiceRow> {
  const serviceId = slugOf(body.name)
  if ((await findService(tx, { ...caller, serviceId })) === undefined) {
    return createService(tx, caller, body, sealer)
  }
  const service = await lockKind(tx, { ...caller, serviceId })
  return changeService(tx, { service, ...caller }, normaliseService(body), sealer)
}

/** Lays a patch over a service and checks the whole again. `kind` absent: whatever kind it is. */
export async function patchService(
  tx: Tx,
  target: Target & { kind?: ServiceKind },
  patch: unknown,
  sealer: Sealer,
): Promise<ServiceRow> {
  const service = await lockKind(tx, target)
  const merged = mergePatch(bodyOfService(service), patch)
  const body = check(serviceBodies[service.kind], merged, 'body')
  return changeService(tx, { service, ...target }, keepingSource(service, normaliseService(body)), sealer)
}

async function lockKind(tx: Tx, target: Target & { kind?: ServiceKind }): Promise<ServiceRow> {
  const service = await lockService(tx, target)
  if (target.kind === undefined || service.kind === target.kind) return service
  throw new FairwayError(
    'conflict',
    `"${target.serviceId}" is a ${service.kind} service, not a ${target.kind} service. Use its own route.`,
  )
}

/** Writes the change and does what follows from it: a new revision, another number of instances, a new source. */
async function changeService(
  tx: Tx,
  { service, actor, images }: Caller & { service: ServiceRow },
  next: NormalisedService,
  sealer: Sealer,
): Promise<ServiceRow> {
  const { project_id: projectId, id: serviceId } = service
  const key = { projectId, serviceId }
  await requireTags(tx, next.tags)
  const own = await setOwnSecrets(tx, { projectId, kind: 'service', id: serviceId }, next.secrets, sealer)
  const configChanged = !isDeepStrictEqual(runPartOf(service.spec), runPartOf(next.spec))
  const changed = await updateService(tx, key, {
    description: next.description,
    spec: next.spec,
    tags: next.tags,
    disabled_ci: next.disabledCI,
    disabled_cd: next.disabledCD,
    ...(configChanged && { config_version: service.config_version + 1 }),
  })
  if (configChanged) await insertServiceConfig(tx, changed)
  await recordEvent(tx, event({ projectId, actor }, serviceId, 'service.update'))
  await schedule(tx, 'service', `${projectId}/${serviceId}`)
  const valuesChanged =
    own.changed && (next.secrets.runtimeEnvironment ?? next.secrets.runtimeFiles) !== undefined
  await follow(
    tx,
    { before: service, after: changed, next, actor, images, rerun: configChanged || valuesChanged },
    sealer,
  )
  return lockService(tx, key)
}

type Change = {
  before: ServiceRow
  after: ServiceRow
  next: NormalisedService
  actor: string
  images: KnownImages | undefined
  rerun: boolean
}

async function follow(
  tx: Tx,
  { before, after, next, actor, images, rerun }: Change,
  sealer: Sealer,
): Promise<void> {
  const { project_id: projectId, id: serviceId, kind } = after
  if (kind === 'build') return
  if (next.instances !== before.instances) {
    await scaleService(tx, { projectId, serviceId, instances: next.instances, actor })
  }
  if (kind === 'deployment' && sourceChanged(before, after)) {
    await deploySource(tx, after, { actor, reason: 'deploy', images }, sealer)
  } else if (rerun) {
    await redeployService(tx, { projectId, serviceId, reason: 'config', actor }, sealer)
  }
}

const sourceChanged = (before: ServiceRow, after: ServiceRow): boolean =>
  !isDeepStrictEqual(sourceOf(before), sourceOf(after))

const sourceOf = ({ spec }: ServiceRow): unknown => [spec.deployment?.internal, spec.deployment?.external]

const event = ({ projectId, actor }: Caller, id: string, type: string) =>
  ({ projectId, topic: 'service', subject: `${projectId}/${id}`, type, actor }) as const
