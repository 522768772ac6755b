import { FairwayError, notFound } from '@fairway/contract/errors'
import type { Db, Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { findVolumeBackup, type VolumeBackupRow } from '../../db/volume-backups.ts'
import { findVolume, lockVolume, type VolumeKey, type VolumeRow } from '../../db/volumes.ts'
import { schedule } from '../../db/work.ts'

/** The volume, or `not_found`. */
export async function requireVolume(db: Db, key: VolumeKey): Promise<VolumeRow> {
  const volume = await findVolume(db, key)
  if (volume === undefined) throw notFound('volume', key.volumeId)
  return volume
}

/**
 * The volume for a change, locked; its worker looks at it again. `not_found`, or `invalid_state` while it is deleted.
 */
export async function lockOpenVolume(tx: Tx, key: VolumeKey): Promise<VolumeRow> {
  await requireVolume(tx, key)
  // Workers lock their work first and the volume then; so must we.
  await schedule(tx, 'volume', workKey(key))
  const volume = await lockVolume(tx, key)
  if (volume === undefined) throw notFound('volume', key.volumeId)
  if (volume.status !== 'DELETING') return volume
  throw new FairwayError('invalid_state', `The volume "${key.volumeId}" is being deleted.`)
}

/** A backup of this volume, which may be gone itself; `not_found`. Takes `<backupId>` and `<volumeId>/<backupId>`. */
export async function requireVolumeBackup(
  db: Db,
  { backupId, ...key }: VolumeKey & { backupId: string },
): Promise<VolumeBackupRow> {
  const backup = await findBackupIn(db, key.projectId, backupId)
  if (backup !== undefined && backup.volume_id === key.volumeId) return backup
  throw notFound('backup', backupId)
}

/** A backup of any volume of a project. Undefined: none, or it is on its way out. */
export async function findBackupIn(
  db: Db,
  projectId: string,
  reference: string,
): Promise<VolumeBackupRow | undefined> {
  const [id = '', volumeId] = reference.split('/').reverse()
  if (!isId(id)) return undefined
  const backup = await findVolumeBackup(db, id)
  if (backup === undefined || backup.project_id !== projectId || backup.removing) return undefined
  return volumeId === undefined || backup.volume_id === volumeId ? backup : undefined
}

/** The database refuses to compare a uuid column with other text. */
const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

export const workKey = ({ projectId, volumeId }: VolumeKey): string => `${projectId}/${volumeId}`

export function volumeEvent(
  tx: Tx,
  key: VolumeKey,
  event: { type: string; actor?: string; data?: Record<string, unknown> },
): Promise<void> {
  return recordEvent(tx, { projectId: key.projectId, topic: 'volume', subject: workKey(key), ...event })
}
