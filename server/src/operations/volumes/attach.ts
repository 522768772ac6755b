import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { changeVolume, servicesUsingDisk, type VolumeKey, type VolumeRow } from '../../db/volumes.ts'
import type { Sealer } from '../../lib/seal.ts'
import { redeployService } from '../services/redeploy.ts'
import { requireRunning } from '../services/require-running.ts'
import { requireFreePaths } from './mounts.ts'
import { lockOpenVolume, volumeEvent } from './require.ts'

export type AttachRequest = VolumeKey & { object: { id: string; type: 'service' | 'job' }; actor: string }

/**
 * Gives a volume to a service, which is deployed again with it: stopped, then started. A volume that is still being
 * made is mounted when it is there. Errors: `not_supported` (a job), `conflict` (another service has it),
 * `invalid_state` (the service runs several instances, or another still uses the disk).
 */
export async function attachVolume(tx: Tx, request: AttachRequest, sealer: Sealer): Promise<void> {
  const { projectId, volumeId, object, actor } = request
  const volume = await lockOpenVolume(tx, request)
  const serviceId = requireService(object)
  if (volume.service_id === serviceId) return
  if (volume.service_id !== null)
    throw new FairwayError(
      'conflict',
      `The volume "${volumeId}" is attached to "${volume.service_id}". Detach it there first.`,
    )
  if (volume.status === 'FAILED')
    throw new FairwayError(
      'invalid_state',
      `The volume "${volumeId}" could not be made. Delete it and create it again.`,
    )
  const service = await requireRunning(tx, { projectId, serviceId })
  if (service.instances > 1)
    throw new FairwayError(
      'invalid_state',
      `"${serviceId}" runs ${service.instances} instances, and a volume is for one: two that write to the same disk would damage its files. Scale it to 1 first.`,
    )
  await requireUnused(tx, volume, serviceId)
  await requireFreePaths(tx, { projectId, serviceId }, { volumeId, mounts: volume.spec.mounts })
  await changeVolume(tx, request, { service_id: serviceId })
  await volumeEvent(tx, request, { type: 'volume.attach', actor, data: { serviceId } })
  await deployAgain(tx, { volume, serviceId, actor }, sealer)
}

/** Takes a volume from its service, which is deployed again without it. `invalid_state`: it has none. */
export async function detachVolume(
  tx: Tx,
  request: VolumeKey & { object?: AttachRequest['object']; actor: string },
  sealer: Sealer,
): Promise<void> {
  const { volumeId, object, actor } = request
  const volume = await lockOpenVolume(tx, request)
  const serviceId = volume.service_id
  if (serviceId === null || (object !== undefined && object.id !== serviceId))
    throw new FairwayError(
      'invalid_state',
      `The volume "${volumeId}" is not attached to ${object === undefined ? 'a service' : `"${object.id}"`}.`,
    )
  await requireRunning(tx, { projectId: request.projectId, serviceId })
  await changeVolume(tx, request, { service_id: null })
  await volumeEvent(tx, request, { type: 'volume.detach', actor, data: { serviceId } })
  await deployAgain(tx, { volume, serviceId, actor }, sealer)
}

function requireService({ id, type }: AttachRequest['object']): string {
  if (type === 'service') return id
  throw new FairwayError(
    'not_supported',
    'Volumes are attached to services only. Let the job keep its files elsewhere.',
  )
}

/** A service that was detached keeps the disk until its version without it has taken over. */
async function requireUnused(tx: Tx, { project_id, id, disk }: VolumeRow, except: string): Promise<void> {
  if (disk === null) return
  const [user] = (await servicesUsingDisk(tx, project_id, disk)).filter((service) => service !== except)
  if (user === undefined) return
  throw new FairwayError(
    'invalid_state',
    `The service "${user}" still uses the volume "${id}". Try again when it runs without it.`,
  )
}

type Again = { volume: VolumeRow; serviceId: string; actor: string }

/** Nothing happens for a volume that no instance can have yet. */
export async function deployAgain(
  tx: Tx,
  { volume, serviceId, actor }: Again,
  sealer: Sealer,
): Promise<void> {
  if (volume.status === 'PENDING') return
  await redeployService(tx, { projectId: volume.project_id, serviceId, reason: 'config', actor }, sealer)
}
