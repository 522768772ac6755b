import type { Db } from './db.ts'

export async function projectExists(db: Db, projectId: string): Promise<boolean> {
  const row = await db.selectFrom('project').select('id').where('id', '=', projectId).executeTakeFirst()
  return row !== undefined
}
