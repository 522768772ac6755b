import { FairwayError, notFound } from '@fairway/contract/errors'
import { findBackupDestination } from '../../db/backup-destinations.ts'
import type { Tx } from '../../db/db.ts'
import {
  insertVolumeBackup,
  requestVolumeBackupRemoval,
  type VolumeBackupRow,
  volumesFromBackup,
} from '../../db/volume-backups.ts'
import type { VolumeKey } from '../../db/volumes.ts'
import { newId, schedule } from '../../db/work.ts'
import { lockOpenVolume, requireVolumeBackup, volumeEvent } from './require.ts'

export type VolumeBackupRequest = VolumeKey & {
  name: string
  description: string
  destinationId?: string
  actor: string
}

/** Asks for a backup of a volume; its worker makes it. `invalid_state`: there is nothing to back up. */
export async function requestVolumeBackup(tx: Tx, request: VolumeBackupRequest): Promise<VolumeBackupRow> {
  const { destinationId = null, name, description, actor } = request
  const { spec, status } = await lockOpenVolume(tx, request)
  if (status !== 'BOUND')
    throw new FairwayError(
      'invalid_state',
      `The volume "${request.volumeId}" is ${status}, so it cannot be backed up.`,
    )
  if (destinationId !== null && (await findBackupDestination(tx, destinationId)) === undefined)
    throw notFound('backup destination', destinationId)
  const id = newId()
  const { projectId, volumeId } = request
  await insertVolumeBackup(tx, {
    projectId,
    volumeId,
    id,
    name,
    description,
    spec,
    destinationId,
    createdBy: actor,
  })
  await schedule(tx, 'volume_backup', id)
  await volumeEvent(tx, request, { type: 'volume.backup', actor, data: { backupId: id } })
  return requireVolumeBackup(tx, { projectId, volumeId, backupId: id })
}

/** Stops a backup that is under way, and removes it with what it stored. `invalid_state`: a volume is made from it. */
export async function deleteVolumeBackup(
  tx: Tx,
  request: VolumeKey & { backupId: string; actor: string },
): Promise<void> {
  const backup = await requireVolumeBackup(tx, request)
  const { projectId, volumeId } = request
  const [reader] = await volumesFromBackup(tx, { projectId, volumeId, id: backup.id })
  if (reader !== undefined)
    throw new FairwayError(
      'invalid_state',
      `The volume "${reader}" is being made from this backup. Wait for it, or delete it.`,
    )
  // Workers lock their work first and the backup then; so must we.
  await schedule(tx, 'volume_backup', backup.id)
  await requestVolumeBackupRemoval(tx, backup.id)
  await volumeEvent(tx, request, {
    type: 'volume.backup-delete',
    actor: request.actor,
    data: { backupId: backup.id },
  })
}
