import { invalid } from '@fairway/contract/errors'
import type { VolumeMount } from '@fairway/contract/resources/volume'
import type { Db } from '../../db/db.ts'
import { type VolumeRow, volumesOfService } from '../../db/volumes.ts'

/** What a revision keeps of a volume: which disk its instances see where. */
export type ServiceMount = { volumeId: string; disk: string; path: string; folder: string }

/** The mounts of a service's volumes that can be used; one that is still being made comes with a later revision. */
export async function mountsOfService(
  db: Db,
  key: { projectId: string; serviceId: string },
): Promise<ServiceMount[]> {
  return (await volumesOfService(db, key)).flatMap((volume) => mountsOf(volume))
}

function mountsOf({ id, disk, status, spec }: VolumeRow): ServiceMount[] {
  if (disk === null || (status !== 'BOUND' && status !== 'LOST')) return []
  return spec.mounts.map(({ containerMountPath, volumeMountPath }) => ({
    volumeId: id,
    disk,
    path: containerMountPath,
    folder: volumeMountPath,
  }))
}

/** Refuses a path at which another volume of the service is mounted. */
export async function requireFreePaths(
  db: Db,
  service: { projectId: string; serviceId: string },
  { volumeId, mounts }: { volumeId: string; mounts: readonly VolumeMount[] },
): Promise<void> {
  const others = (await volumesOfService(db, service)).filter(({ id }) => id !== volumeId)
  for (const other of others)
    for (const { containerMountPath } of other.spec.mounts)
      if (mounts.some((mount) => mount.containerMountPath === containerMountPath))
        throw invalid(
          'mounts',
          `"${containerMountPath}" is taken by the volume "${other.id}" of the same service.`,
        )
}
