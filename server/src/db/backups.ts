import { type BackupStatus, backupMoves, sourcesOf, unfinished } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { AddonKey } from './addons.ts'
import { type Db, type Tx, toJson } from './db.ts'

export type BackupType = 'snapshot' | 'dump'
export type Compression = 'gz' | 'zstd' | 'none'

/** What was written where. Before the backup is completed only `key` is known: what a broken attempt left. */
export type StoredBackup = { key: string; sizeBytes?: number; sha256?: string; engineVersion?: string }

/** Why a backup or restore failed, for people and programs. */
export type Failure = { code: string; message: string }

export type BackupRow = {
  id: string
  project_id: string
  addon_id: string
  name: string
  type: BackupType
  compression: Compression
  status: BackupStatus
  trigger: string
  schedule_id: string | null
  destination_id: string | null
  record: StoredBackup | null
  error: Failure | null
  retain: boolean
  expires_at: Date | null
  abort_requested: boolean
  created_by: string | null
  created_at: Date
  started_at: Date | null
  concluded_at: Date | null
}

const columns = [
  'id',
  'project_id',
  'addon_id',
  'name',
  'type',
  'compression',
  'status',
  'trigger',
  'schedule_id',
  'destination_id',
  'record',
  'error',
  'retain',
  'expires_at',
  'abort_requested',
  'created_by',
  'created_at',
  'started_at',
  'concluded_at',
] as const

export async function findBackup(db: Db, id: string): Promise<BackupRow | undefined> {
  const row = await db.selectFrom('backup').select(columns).where('id', '=', id).executeTakeFirst()
  return row as BackupRow | undefined
}

/** Newest first. */
export async function listBackups(
  db: Db,
  { projectId, addonId }: AddonKey,
  page: { limit: number; offset: number },
): Promise<BackupRow[]> {
  const rows = await db
    .selectFrom('backup')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('addon_id', '=', addonId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as BackupRow[]
}

export type NewBackup = AddonKey & {
  id: string
  name: string
  type: BackupType
  compression: Compression
  trigger: string
  scheduleId: string | null
  destinationId: string | null
  retentionDays: number | null
  createdBy: string | null
}

export async function insertBackup(tx: Tx, backup: NewBackup): Promise<void> {
  await tx
    .insertInto('backup')
    .values({
      id: backup.id,
      project_id: backup.projectId,
      addon_id: backup.addonId,
      name: backup.name,
      type: backup.type,
      compression: backup.compression,
      trigger: backup.trigger,
      schedule_id: backup.scheduleId,
      destination_id: backup.destinationId,
      expires_at:
        backup.retentionDays === null ? null : sql<Date>`now() + ${backup.retentionDays} * interval '1 day'`,
      created_by: backup.createdBy,
    })
    .execute()
}

/** Moves a backup as the table of states allows. False: it is in a state that may not move there. */
export async function moveBackup(
  tx: Tx,
  id: string,
  to: BackupStatus,
  result: { record?: StoredBackup; error?: Failure } = {},
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('backup')
    .set({
      status: to,
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
export async function recordBackupKey(tx: Tx, id: string, key: string): Promise<void> {
  await tx
    .updateTable('backup')
    .set({ record: toJson({ key }) })
    .where('id', '=', id)
    .where('status', '=', 'in-progress')
    .execute()
}

/** False: the backup is finished. */
export async function requestBackupAbort(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('backup')
    .set({ abort_requested: true })
    .where('id', '=', id)
    .where('status', 'in', unfinished(backupMoves))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Keeps a backup for good, or lets its expiry count again. */
export async function setBackupRetained(tx: Tx, id: string, retain: boolean): Promise<void> {
  await tx.updateTable('backup').set({ retain }).where('id', '=', id).execute()
}

/** A finished backup expires now, so its worker removes it. False: it is not finished. */
export async function expireBackup(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('backup')
    .set({ retain: false, expires_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('status', 'not in', unfinished(backupMoves))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function deleteBackupRow(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('backup').where('id', '=', id).execute()
}

/** Milliseconds until the backup expires by the database's clock, 0 when it has; undefined: it never does. */
export async function backupExpiresInMs(db: Db, id: string): Promise<number | undefined> {
  const { rows } = await sql<{ ms: number }>`
    select greatest(extract(epoch from expires_at - now()) * 1000, 0)::float8 as ms
      from backup where id = ${id} and not retain and expires_at is not null`.execute(db)
  return rows[0]?.ms
}

/** The id of the newest completed backup of an addon. */
export async function latestBackupId(db: Db, { projectId, addonId }: AddonKey): Promise<string | undefined> {
  const row = await db
    .selectFrom('backup')
    .select('id')
    .where('project_id', '=', projectId)
    .where('addon_id', '=', addonId)
    .where('status', '=', 'completed')
    .orderBy('concluded_at', 'desc')
    .executeTakeFirst()
  return row?.id
}

/** What is being done to an addon's data now. */
export async function addonActivity(
  db: Db,
  { projectId, addonId }: AddonKey,
): Promise<{ backups: string[]; restores: string[] }> {
  const states = unfinished(backupMoves)
  const { rows } = await sql<{ what: 'backup' | 'restore'; id: string }>`
    select 'backup' as what, id from backup
     where project_id = ${projectId} and addon_id = ${addonId} and status = any(${sql.val(states)}::text[])
    union all select 'restore', id from restore
     where project_id = ${projectId} and addon_id = ${addonId} and status = any(${sql.val(states)}::text[])`.execute(
    db,
  )
  const ids = (what: string): string[] => rows.filter((row) => row.what === what).map(({ id }) => id)
  return { backups: ids('backup'), restores: ids('restore') }
}
