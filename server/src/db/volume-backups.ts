import type { VolumeSpec } from '@fairway/contract/resources/volume'
import { type BackupStatus, backupMoves, sourcesOf, unfinished } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { Failure } from './backups.ts'
import { type Db, type Tx, toJson } from './db.ts'
import type { VolumeKey } from './volumes.ts'

/** What was written where. Before the backup is completed only `key` is known: what a broken attempt left. */
export type StoredVolumeBackup = {
  key: string
  /** Of what is stored. */
  sizeBytes?: number
  sha256?: string
  /** Of the files in it: the same for any tar of the same files. */
  manifest?: { sha256: string; files: number; bytes: number }
}

export type VolumeBackupRow = {
  id: string
  project_id: string
  volume_id: string
  name: string
  description: string
  spec: VolumeSpec
  status: BackupStatus
  destination_id: string | null
  record: StoredVolumeBackup | null
  error: Failure | null
  abort_requested: boolean
  removing: boolean
  created_at: Date
  updated_at: Date
  started_at: Date | null
  concluded_at: Date | null
}

const columns = [
  'id',
  'project_id',
  'volume_id',
  'name',
  'description',
  'spec',
  'status',
  'destination_id',
  'record',
  'error',
  'abort_requested',
  'removing',
  'created_at',
  'updated_at',
  'started_at',
  'concluded_at',
] as const

export async function findVolumeBackup(db: Db, id: string): Promise<VolumeBackupRow | undefined> {
  const row = await db.selectFrom('volume_backup').select(columns).where('id', '=', id).executeTakeFirst()
  return row as VolumeBackupRow | undefined
}

/** Newest first, without those that are on their way out. */
export async function listVolumeBackups(
  db: Db,
  { projectId, volumeId }: VolumeKey,
  page: { limit: number; offset: number },
): Promise<VolumeBackupRow[]> {
  const rows = await db
    .selectFrom('volume_backup')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('volume_id', '=', volumeId)
    .where('removing', '=', false)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as VolumeBackupRow[]
}

export type NewVolumeBackup = VolumeKey & {
  id: string
  name: string
  description: string
  spec: VolumeSpec
  destinationId: string | null
  createdBy: string
}

export async function insertVolumeBackup(tx: Tx, backup: NewVolumeBackup): Promise<void> {
  await tx
    .insertInto('volume_backup')
    .values({
      id: backup.id,
      project_id: backup.projectId,
      volume_id: backup.volumeId,
      name: backup.name,
      description: backup.description,
      spec: toJson(backup.spec),
      destination_id: backup.destinationId,
      created_by: backup.createdBy,
    })
    .execute()
}

/** Moves a backup as the table of states allows. False: it is in a state that may not move there. */
export async function moveVolumeBackup(
  tx: Tx,
  id: string,
  to: BackupStatus,
  result: { record?: StoredVolumeBackup; error?: Failure } = {},
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('volume_backup')
    .set({
      status: to,
      updated_at: sql<Date>`now()`,
      ...(to === 'in-progress' ? { started_at: sql<Date>`now()` } : {}),
      ...(unfinished(backupMoves).includes(to) ? {} : { concluded_at: sql<Date>`now()` }),
      ...(result.record === undefined ? {} : { record: toJson(result.record) }),
      ...(result.error === undefined ? {} : { error: toJson(result.error) }),
    })
    .where('id', '=', id)
    .where('status', 'in', sourcesOf(backupMoves, to))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Notes where the running attempt writes, before it writes: the next attempt removes what this one leaves. */
export async function recordVolumeBackupKey(tx: Tx, id: string, key: string): Promise<void> {
  await tx
    .updateTable('volume_backup')
    .set({ record: toJson({ key }) })
    .where('id', '=', id)
    .where('status', '=', 'in-progress')
    .execute()
}

/** The backup stops if it is under way, and is removed with what it stored. */
export async function requestVolumeBackupRemoval(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('volume_backup')
    .set({ removing: true, abort_requested: true })
    .where('id', '=', id)
    .execute()
}

export async function deleteVolumeBackupRow(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('volume_backup').where('id', '=', id).execute()
}

/** The volumes that are being made from a backup. */
export async function volumesFromBackup(db: Db, backup: VolumeKey & { id: string }): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from volume
     where project_id = ${backup.projectId} and status = 'PENDING'
       and source ->> 'type' = 'backup' and source ->> 'sourceId' like ${`%${backup.id}`}`.execute(db)
  return rows.map(({ id }) => id)
}

/** The unfinished backups of a volume. */
export async function unfinishedVolumeBackups(db: Db, { projectId, volumeId }: VolumeKey): Promise<string[]> {
  const rows = await db
    .selectFrom('volume_backup')
    .select('id')
    .where('project_id', '=', projectId)
    .where('volume_id', '=', volumeId)
    .where('status', 'in', unfinished(backupMoves))
    .execute()
  return rows.map(({ id }) => id)
}
