import { type Db, type Tx, toJson } from './db.ts'

/** A folder, or a bucket of S3-compatible storage. */
export type DestinationSpec =
  | { type: 'folder'; path: string }
  | { type: 's3'; bucket: string; endpoint?: string; region?: string; prefix?: string }

export type BackupDestinationRow = {
  id: string
  name: string
  spec: DestinationSpec
  /** Sealed `{accessKeyId, secretAccessKey}`. */
  secret: Buffer | null
  created_at: Date
}

export async function findBackupDestination(db: Db, id: string): Promise<BackupDestinationRow | undefined> {
  const row = await db
    .selectFrom('backup_destination')
    .select(['id', 'name', 'spec', 'secret', 'created_at'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row as BackupDestinationRow | undefined
}

export async function insertBackupDestination(
  tx: Tx,
  row: { id: string; name: string; spec: DestinationSpec; secret: Buffer | null },
): Promise<void> {
  await tx
    .insertInto('backup_destination')
    .values({ ...row, spec: toJson(row.spec) })
    .execute()
}

export async function listBackupDestinations(
  db: Db,
  page: { limit: number; offset: number },
): Promise<BackupDestinationRow[]> {
  const rows = await db
    .selectFrom('backup_destination')
    .select(['id', 'name', 'spec', 'secret', 'created_at'])
    .orderBy('created_at')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as BackupDestinationRow[]
}

/** Whether a backup that is kept lies there, or one is on its way. */
export async function holdsBackups(db: Db, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('backup')
    .select('id')
    .where('destination_id', '=', id)
    .where('status', 'not in', ['failed', 'aborted'])
    .limit(1)
    .executeTakeFirst()
  if (row !== undefined) return true
  const ofVolume = await db
    .selectFrom('volume_backup')
    .select('id')
    .where('destination_id', '=', id)
    .where('status', 'not in', ['failed', 'aborted'])
    .limit(1)
    .executeTakeFirst()
  return ofVolume !== undefined
}

export async function deleteBackupDestination(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('backup_destination').where('id', '=', id).execute()
}
