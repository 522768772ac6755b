import type { TagBody } from '@fairway/contract/resources/tag'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type TagSpec = Omit<TagBody, 'name' | 'description' | 'color'>
export type TagRow = {
  id: string
  name: string
  description: string
  color: string
  spec: TagSpec
  created_at: Date
  updated_at: Date
}

const columns = ['id', 'name', 'description', 'color', 'spec', 'created_at', 'updated_at'] as const

export async function listTags(db: Db, page: { limit: number; offset: number }): Promise<TagRow[]> {
  const rows = await db
    .selectFrom('tag')
    .select(columns)
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as TagRow[]
}

export async function findTag(db: Db, id: string): Promise<TagRow | undefined> {
  const row = await db.selectFrom('tag').select(columns).where('id', '=', id).executeTakeFirst()
  return row as TagRow | undefined
}

/** Undefined: there is a tag of this id. */
export async function insertTag(
  tx: Tx,
  tag: { id: string; name: string; description: string; color: string; spec: TagSpec },
): Promise<TagRow | undefined> {
  const row = await tx
    .insertInto('tag')
    .values({ ...tag, spec: toJson(tag.spec) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning(columns)
    .executeTakeFirst()
  return row as TagRow | undefined
}

export async function updateTag(
  tx: Tx,
  id: string,
  change: { description: string; color: string; spec: TagSpec },
): Promise<TagRow> {
  const row = await tx
    .updateTable('tag')
    .set((eb) => ({ ...change, spec: toJson(change.spec), updated_at: eb.fn<Date>('now') }))
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
  return row as TagRow
}

/** Deletes a tag and takes it off every resource that carries it. False: there was none. */
export async function deleteTag(tx: Tx, id: string): Promise<boolean> {
  for (const table of ['service', 'job', 'addon', 'volume'] as const) {
    await tx
      .updateTable(table)
      .set({ tags: sql`array_remove(tags, ${id})` })
      .where(sql<boolean>`${id} = any(tags)`)
      .execute()
  }
  const { numDeletedRows } = await tx.deleteFrom('tag').where('id', '=', id).executeTakeFirst()
  return numDeletedRows === 1n
}

/** Those of the names for which there is no tag. */
export async function unknownTags(db: Db, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await db.selectFrom('tag').select('id').where('id', 'in', ids).execute()
  const known = new Set(rows.map((row) => row.id))
  return ids.filter((id) => !known.has(id))
}
