import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { hasCode } from '../lib/has-code.ts'
import { type Db, openDb } from './db.ts'

export type TestDb = { pool: pg.Pool; connectionString: string }

const TEMPLATE = 'fairway_template'
const OBJECT_IN_USE = '55006'

/** Runs `work` on a fresh, migrated database of its own, and drops it afterwards. */
export async function withTestDb<T>(work: (db: Db, test: TestDb) => Promise<T>): Promise<T> {
  const server = inject('postgres')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await admin(server, `create database ${name} template ${TEMPLATE} strategy file_copy`)
  const connectionString = server.replace(/\/[^/]*$/, `/${name}`)
  const { db, pool } = openDb(connectionString, { max: 20 })
  try {
    return await work(db, { pool, connectionString })
  } finally {
    await db.destroy()
    // A pool that only the test used directly is not ended by that.
    if (!pool.ending) await pool.end()
    await drop(server, name)
  }
}

/** Without force at first: PostgreSQL waits for sessions that are closing; to cut them off would be an error in them. */
async function drop(server: string, name: string): Promise<void> {
  try {
    await admin(server, `drop database ${name}`)
  } catch (error) {
    if (!hasCode(error, OBJECT_IN_USE)) throw error
    await admin(server, `drop database ${name} with (force)`)
  }
}

async function admin(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client(connectionString)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
