import type { VolumeBackupView, VolumeView } from '@fairway/contract/routes/volumes'
import type { VolumeBackupRow } from '../../db/volume-backups.ts'
import type { VolumeRow } from '../../db/volumes.ts'

/** A volume as Northflank shows it. */
export function volumeViewOf(volume: VolumeRow): VolumeView {
  const { mounts } = volume.spec
  const service = volume.service_id === null ? undefined : { id: volume.service_id, type: 'service' as const }
  return {
    id: volume.id,
    name: volume.name,
    tags: volume.tags,
    spec: specOf(volume.spec),
    mounts,
    attachedObjects: service === undefined ? [] : [service],
    ...(service !== undefined && { owningObject: service }),
    ...(volume.source !== null && { source: volume.source }),
    status: volume.status,
    ...(volume.status_message !== null && { statusMessage: volume.status_message }),
    ...(volume.used_mb !== null && { usedMb: volume.used_mb }),
    createdAt: volume.created_at.toISOString(),
    updatedAt: volume.updated_at.toISOString(),
  }
}

export function volumeBackupViewOf(backup: VolumeBackupRow): VolumeBackupView {
  const { record, spec, error } = backup
  return {
    id: backup.id,
    name: backup.name,
    description: backup.description,
    status: backup.status,
    spec: { storageSize: spec.storageSize },
    source: { type: 'volume', sourceObject: { id: backup.volume_id, spec: specOf(spec) } },
    ...(record?.sizeBytes !== undefined && { sizeBytes: record.sizeBytes }),
    ...(record?.sha256 !== undefined && { sha256: record.sha256 }),
    ...(record?.manifest !== undefined && { files: record.manifest.files }),
    ...(backup.destination_id !== null && { customDestinationId: backup.destination_id }),
    createdAt: backup.created_at.toISOString(),
    updatedAt: backup.updated_at.toISOString(),
    ...(backup.concluded_at !== null && { completedAt: backup.concluded_at.toISOString() }),
    ...(error !== null && { error }),
  }
}

const specOf = ({ accessMode, storageClassName, storageSize }: VolumeRow['spec']): VolumeView['spec'] => ({
  accessMode,
  ...(storageClassName !== undefined && { storageClassName }),
  storageSize,
})
