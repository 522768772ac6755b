import { isDeepStrictEqual } from 'node:util'
import { FairwayError, invalid } from '@fairway/contract/errors'
import type { VolumePatch } from '@fairway/contract/resources/volume'
import type { Tx } from '../../db/db.ts'
import { unfinishedVolumeBackups } from '../../db/volume-backups.ts'
import {
  changeVolume,
  copiesOfVolume,
  findVolume,
  moveVolume,
  servicesUsingDisk,
  type VolumeKey,
  type VolumeRow,
} from '../../db/volumes.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { requireTags } from '../tags/save.ts'
import { deployAgain } from './attach.ts'
import { requireFreePaths } from './mounts.ts'
import { lockOpenVolume, requireVolume, volumeEvent, workKey } from './require.ts'

type Target = VolumeKey & { actor: string }

/** Changes tags, size (it only grows) and mounts; the service of a volume whose mounts change is deployed again. */
export async function patchVolume(
  tx: Tx,
  target: Target,
  patch: VolumePatch,
  sealer: Sealer,
): Promise<VolumeRow> {
  const { projectId, volumeId, actor } = target
  const volume = await lockOpenVolume(tx, target)
  const storageSize = patch.spec?.storageSize ?? volume.spec.storageSize
  if (storageSize < volume.spec.storageSize)
    throw invalid('spec.storageSize', `can only grow: it is ${volume.spec.storageSize} MB`)
  if (patch.tags !== undefined) await requireTags(tx, patch.tags)
  const mounts = patch.mounts ?? volume.spec.mounts
  const moved = !isDeepStrictEqual(mounts, volume.spec.mounts)
  const serviceId = volume.service_id
  if (serviceId !== null && moved) await requireFreePaths(tx, { projectId, serviceId }, { volumeId, mounts })
  await changeVolume(tx, target, {
    spec: { ...volume.spec, storageSize, mounts },
    ...(patch.tags !== undefined && { tags: patch.tags }),
  })
  await volumeEvent(tx, target, { type: 'volume.update', actor })
  if (serviceId !== null && moved) await deployAgain(tx, { volume, serviceId, actor }, sealer)
  return requireVolume(tx, target)
}

/**
 * Deletes a volume and its data; its backups stay. `invalid_state` while a service has it or still uses it, or while it
 * is copied. Asking again is harmless.
 */
export async function deleteVolume(tx: Tx, target: Target): Promise<void> {
  const going = (await findVolume(tx, target))?.status === 'DELETING'
  if (going) return schedule(tx, 'volume', workKey(target))
  const volume = await lockOpenVolume(tx, target)
  const why = await reasonToKeep(tx, volume, target)
  if (why !== undefined) throw new FairwayError('invalid_state', why)
  await moveVolume(tx, target, 'DELETING')
  await volumeEvent(tx, target, { type: 'volume.delete', actor: target.actor })
}

async function reasonToKeep(tx: Tx, volume: VolumeRow, key: VolumeKey): Promise<string | undefined> {
  const { id, service_id, disk } = volume
  if (service_id !== null) return `The volume "${id}" is attached to "${service_id}". Detach it first.`
  const [user] = disk === null ? [] : await servicesUsingDisk(tx, key.projectId, disk)
  if (user !== undefined)
    return `The service "${user}" still uses the volume "${id}". Try again when it runs without it.`
  if ((await unfinishedVolumeBackups(tx, key)).length > 0)
    return `A backup of "${id}" is under way. Wait for it, or delete it.`
  const [copy] = await copiesOfVolume(tx, key)
  return copy && `The volume "${copy}" is being made from "${id}". Wait for it, or delete it.`
}
