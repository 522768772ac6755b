import { randomInt, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import type { Log } from '../lib/log.ts'
import type { Db } from './db.ts'
import { FENCE, WORK_CHANNEL } from './work.ts'

/**
 * A control plane, alive as long as its session holds an advisory lock. Whoever can take that lock knows that the
 * worker is gone, however it went, and gives its leases back.
 */
export type Worker = { id: string; lost: Promise<Error>; close(): Promise<void> }

/** Registers this process on a session of its own; `lost` resolves when that session ends unexpectedly. */
export async function registerWorker(connectionString: string): Promise<Worker> {
  const id = randomUUID()
  const lockKey = randomInt(1, 2 ** 47)
  const client = new pg.Client({ connectionString, keepAlive: true })
  let closing = false
  const lost = new Promise<Error>((resolve) => {
    client.once('error', resolve)
    client.once('end', () => {
      if (!closing) resolve(new Error('the worker session ended'))
    })
  })
  await client.connect()
  await client.query('select pg_advisory_lock($1)', [lockKey])
  await client.query('insert into worker (id, lock_key) values ($1, $2)', [id, lockKey])
  return {
    id,
    lost,
    async close() {
      closing = true
      await client.query('delete from worker where id = $1', [id])
      await client.end()
    },
  }
}

/** Gives back what workers held that are gone. Answers how many items became free. */
export async function releaseDeadWorkers(db: Db, log: Log): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const { rows: dead } = await sql<{ id: string }>`
      select id from worker where pg_try_advisory_xact_lock(lock_key)`.execute(tx)
    if (dead.length === 0) return 0
    const ids = dead.map(({ id }) => id)
    // What they had sent may still be on its way into the database.
    await sql`select pg_advisory_xact_lock(${FENCE}) from work_item
               where worker = any(${sql.val(ids)}::uuid[])`.execute(tx)
    const { numAffectedRows = 0n } = await sql`
      update work_item set lease = null, lease_expires_at = null, worker = null, wake_at = now()
       where worker = any(${sql.val(ids)}::uuid[])`.execute(tx)
    await sql`delete from worker where id = any(${sql.val(ids)}::uuid[])`.execute(tx)
    await sql`select pg_notify(${WORK_CHANNEL}, '')`.execute(tx)
    log.info({ workers: ids, items: Number(numAffectedRows) }, 'took over the work of workers that are gone')
    return Number(numAffectedRows)
  })
}
