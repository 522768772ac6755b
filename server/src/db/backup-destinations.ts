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
