import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import type { Tables } from './tables.ts'

/** Query functions take this first; it is either the pool or a transaction. */
export type Db = Kysely<Tables>
/** For queries that only make sense inside a transaction. */
export type Tx = Transaction<Tables>

const BIGINT_OID = 20

/** Opens a pool. bigint is read as a number: no count or sequence of ours passes 2^53. */
export function openDb(connectionString: string, options: { max?: number } = {}): { db: Db; pool: pg.Pool } {
  const pool = new pg.Pool({
    connectionString,
    max: options.max ?? 10,
    types: {
      getTypeParser: (oid, format) =>
        oid === BIGINT_OID ? Number : pg.types.getTypeParser(oid, format as 'text'),
    },
  })
  return { db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), pool }
}

const DEADLOCK = '40P01'
const ATTEMPTS = 3

/**
 * Runs `work` in one transaction; nested use would hide who commits, so it is refused by type. One that lost a deadlock
 * left nothing behind and is run again.
 */
export async function transaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      const lost = error instanceof pg.DatabaseError && error.code === DEADLOCK
      if (!lost || attempt === ATTEMPTS) throw error
    }
  }
}

/** The JSON text of a value, for jsonb columns: pg would turn arrays into Postgres arrays. */
export const toJson = (value: unknown): string => JSON.stringify(value)

/** Wakes listeners of a channel when the transaction commits. */
export async function notify(db: Db, channel: string, payload: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(db)
}
