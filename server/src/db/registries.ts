import { notFound } from '@fairway/contract/errors'
import type { RegistryProvider } from '@fairway/contract/resources/registry'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type RegistryRow = {
  id: string
  name: string
  provider: RegistryProvider
  host: string
  username: string
  /** Sealed `{password}`. */
  secret: Buffer
  scope: { pull: boolean; push: boolean }
  restricted: boolean
  /** Those that may use it when it is restricted. */
  projects: string[]
  created_at: Date
  updated_at: Date
}

const columns = [
  'id',
  'name',
  'provider',
  'host',
  'username',
  'secret',
  'scope',
  'restricted',
  'projects',
  'created_at',
  'updated_at',
] as const

export async function findRegistry(db: Db, id: string): Promise<RegistryRow | undefined> {
  const row = await db
    .selectFrom('registry_credential')
    .select(columns)
    .where('id', '=', id)
    .executeTakeFirst()
  return row as RegistryRow | undefined
}

export async function requireRegistry(db: Db, id: string): Promise<RegistryRow> {
  const row = await findRegistry(db, id)
  if (row === undefined) throw notFound('saved registry', id)
  return row
}

/** The row for a change or deletion: locked against use by a deployment that begins. */
export async function lockRegistry(tx: Tx, id: string): Promise<RegistryRow> {
  const row = await tx
    .selectFrom('registry_credential')
    .select(columns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw notFound('saved registry', id)
  return row as RegistryRow
}

/** The row for a use: it is not deleted before the transaction has ended. */
export async function holdRegistry(db: Db, id: string): Promise<RegistryRow> {
  const row = await db
    .selectFrom('registry_credential')
    .select(columns)
    .where('id', '=', id)
    .forShare()
    .executeTakeFirst()
  if (row === undefined) throw notFound('saved registry', id)
  return row as RegistryRow
}

export async function listRegistries(
  db: Db,
  page: { limit: number; offset: number },
): Promise<RegistryRow[]> {
  const rows = await db
    .selectFrom('registry_credential')
    .select(columns)
    .orderBy('created_at')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as RegistryRow[]
}

/** False: there is one of this id already. */
export async function insertRegistry(
  tx: Tx,
  row: Omit<RegistryRow, 'created_at' | 'updated_at'>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('registry_credential')
    .values({ ...row, scope: toJson(row.scope) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export type RegistryChange = Partial<
  Pick<RegistryRow, 'username' | 'secret' | 'scope' | 'restricted' | 'projects'>
>

export async function updateRegistry(tx: Tx, id: string, change: RegistryChange): Promise<void> {
  const { scope, ...rest } = change
  await tx
    .updateTable('registry_credential')
    .set({ ...rest, ...(scope && { scope: toJson(scope) }), updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute()
}

export async function deleteRegistry(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('registry_credential').where('id', '=', id).execute()
}

/**
 * Who pulls with it, as `project/id`: services and jobs that name it for their image or their builds, or run a version
 * deployed with it, and jobs with a run under way.
 */
export async function listRegistryUsers(db: Db, id: string): Promise<string[]> {
  const { rows } = await sql<{ user: string }>`
    select project_id || '/' || id as user from service
      where spec #>> '{deployment,external,credentials}' = ${id}
         or spec #> '{buildConfiguration,dockerCredentials}' @> to_jsonb(${id}::text)
    union
    select s.project_id || '/' || s.id from service s
      join revision r on r.id in (s.desired_revision, s.current_revision)
      where r.source #>> '{external,credentials}' = ${id}
    union
    select project_id || '/' || id from job
      where spec #>> '{deployment,external,credentials}' = ${id} or source #>> '{external,credentials}' = ${id}
         or spec #> '{buildConfiguration,dockerCredentials}' @> to_jsonb(${id}::text)
    union
    select project_id || '/' || job_id from job_run
      where concluded_at is null and source #>> '{external,credentials}' = ${id}
    order by 1`.execute(db)
  return rows.map(({ user }) => user)
}
