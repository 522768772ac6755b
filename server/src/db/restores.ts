import { type BackupStatus, backupMoves, sourcesOf, unfinished } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { AddonKey } from './addons.ts'
import type { Failure } from './backups.ts'
import { type Db, type Tx, toJson } from './db.ts'

/** What reading every table of the restored data found. */
export type Verified = { tables: number; rows: number }

/** Restores go through the states of backups. */
export type RestoreRow = {
  id: string
  project_id: string
  addon_id: string
  backup_id: string
  status: BackupStatus
  generation: number | null
  verified: Verified | null
  error: Failure | null
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
  'backup_id',
  'status',
  'generation',
  'verified',
  'error',
  'abort_requested',
  'created_by',
  'created_at',
  'started_at',
  'concluded_at',
] as const

export async function findRestore(db: Db, id: string): Promise<RestoreRow | undefined> {
  const row = await db.selectFrom('restore').select(columns).where('id', '=', id).executeTakeFirst()
  return row as RestoreRow | undefined
}

/** Newest first. */
export async function listRestores(
  db: Db,
  { projectId, addonId }: AddonKey,
  page: { limit: number; offset: number },
): Promise<RestoreRow[]> {
  const rows = await db
    .selectFrom('restore')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('addon_id', '=', addonId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as RestoreRow[]
}

export async function insertRestore(
  tx: Tx,
  restore: AddonKey & { id: string; backupId: string; createdBy: string | null },
): Promise<void> {
  await tx
    .insertInto('restore')
    .values({
      id: restore.id,
      project_id: restore.projectId,
      addon_id: restore.addonId,
      backup_id: restore.backupId,
      created_by: restore.createdBy,
    })
    .execute()
}

/** Moves a restore as the table of states allows. False: it is in a state that may not move there. */
export async function moveRestore(
  tx: Tx,
  id: string,
  to: BackupStatus,
  result: { generation?: number; error?: Failure } = {},
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('restore')
    .set({
      status: to,
      ...(to === 'in-progress' ? { started_at: sql<Date>`now()` } : {}),
      ...(unfinished(backupMoves).includes(to) ? {} : { concluded_at: sql<Date>`now()` }),
      ...(result.generation === undefined ? {} : { generation: result.generation }),
      ...(result.error === undefined ? {} : { error: toJson(result.error) }),
    })
    .where('id', '=', id)
    .where('status', 'in', sourcesOf(backupMoves, to))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function recordVerified(tx: Tx, id: string, verified: Verified): Promise<void> {
  await tx
    .updateTable('restore')
    .set({ verified: toJson(verified) })
    .where('id', '=', id)
    .where('status', '=', 'in-progress')
    .execute()
}

/** False: the restore is finished, or the restored data is in use already. */
export async function requestRestoreAbort(tx: Tx, id: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update restore r set abort_requested = true
     where id = ${id} and status = any(${sql.val(unfinished(backupMoves))}::text[])
       and not exists (select 1 from addon a
                        where a.project_id = r.project_id and a.id = r.addon_id and a.generation = r.generation)`.execute(
    tx,
  )
  return numAffectedRows === 1n
}

/** The oldest unfinished restore of an addon: the only one that may work. */
export async function firstRestore(db: Db, { projectId, addonId }: AddonKey): Promise<string | undefined> {
  const row = await db
    .selectFrom('restore')
    .select('id')
    .where('project_id', '=', projectId)
    .where('addon_id', '=', addonId)
    .where('status', 'in', unfinished(backupMoves))
    .orderBy('created_at')
    .orderBy('id')
    .executeTakeFirst()
  return row?.id
}

/** Whether an unfinished restore reads this backup. */
export async function backupIsBeingRestored(db: Db, backupId: string): Promise<boolean> {
  const row = await db
    .selectFrom('restore')
    .select('id')
    .where('backup_id', '=', backupId)
    .where('status', 'in', unfinished(backupMoves))
    .executeTakeFirst()
  return row !== undefined
}
