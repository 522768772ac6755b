import type { Db, Tx } from './db.ts'

export type ProjectRow = {
  id: string
  name: string
  description: string
  color: string
  region: string
  deleting: boolean
  created_at: Date
  updated_at: Date
}

const columns = [
  'id',
  'name',
  'description',
  'color',
  'region',
  'deleting',
  'created_at',
  'updated_at',
] as const

export async function findProject(db: Db, id: string): Promise<ProjectRow | undefined> {
  return db.selectFrom('project').select(columns).where('id', '=', id).executeTakeFirst()
}

export async function listProjects(db: Db, page: { limit: number; offset: number }): Promise<ProjectRow[]> {
  return db
    .selectFrom('project')
    .select(columns)
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
}

/** Undefined: there is a project of this id. */
export async function insertProject(
  tx: Tx,
  project: { id: string; name: string; description: string; color: string; region: string },
): Promise<ProjectRow | undefined> {
  return tx
    .insertInto('project')
    .values(project)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning(columns)
    .executeTakeFirst()
}

export async function updateProject(
  tx: Tx,
  id: string,
  change: { description?: string; color?: string; deleting?: true },
): Promise<ProjectRow | undefined> {
  return tx
    .updateTable('project')
    .set((eb) => ({ ...change, updated_at: eb.fn<Date>('now') }))
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirst()
}

export async function deleteProject(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('project').where('id', '=', id).execute()
}
