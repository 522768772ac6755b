import { sql } from 'kysely'
import type { Db } from './db.ts'

/**
 * Reads events so that a follower misses none and sees none twice. Ids alone cannot do that: a transaction that
 * took a lower id may commit after one with a higher id. So the order is (transaction, id), and only events of
 * transactions older than every running one are shown: nothing can appear before them any more.
 */
export type EventPosition = { tx: string; id: number }

export type EventRow = {
  id: number
  at: Date
  project_id: string | null
  topic: string
  subject: string
  type: string
  actor: string | null
  data: unknown
  tx: string
}

export type EventFilter = {
  topic?: string | undefined
  subject?: string | undefined
  projectId?: string | undefined
}

/** The next events after a position. `held`: some are committed but not yet safe to show; look again soon. */
export async function readEvents(
  db: Db,
  filter: EventFilter,
  { after, limit }: { after: EventPosition; limit: number },
): Promise<{ rows: EventRow[]; held: boolean }> {
  const matches = sql`(tx, id) > (${after.tx}::xid8, ${after.id}::bigint)
    and ${is('topic', filter.topic)} and ${is('subject', filter.subject)}
    and ${is('project_id', filter.projectId)}`
  const { rows } = await sql<EventRow & { safe: boolean }>`
    select id, at, project_id, topic, subject, type, actor, data, tx::text as tx,
           tx < pg_snapshot_xmin(pg_current_snapshot()) as safe
      from event where ${matches} order by tx, id limit ${limit}`.execute(db)
  const safe = rows.filter((row) => row.safe)
  return { rows: safe, held: safe.length < rows.length }
}

const is = (column: string, value: string | undefined) =>
  value === undefined ? sql`true` : sql`${sql.ref(column)} = ${value}`

/** Where the events of transactions that are running now begin. */
export async function currentPosition(db: Db): Promise<EventPosition> {
  const { rows } = await sql<{ tx: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as tx`.execute(db)
  return { tx: rows[0]?.tx ?? '0', id: 0 }
}

/** The position of one event; the beginning when it is no longer kept. */
export async function positionOf(db: Db, id: number): Promise<EventPosition> {
  const row = await db
    .selectFrom('event')
    .select(sql<string>`tx::text`.as('tx'))
    .where('id', '=', id)
    .executeTakeFirst()
  return { tx: row?.tx ?? '0', id: row === undefined ? 0 : id }
}
