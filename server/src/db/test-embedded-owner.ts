import pg from 'pg'
import { silentLog } from '../lib/log.ts'
import { startEmbeddedDatabase } from './embedded.ts'

/** Owns an embedded database until it is killed: `node … <data folder>`. Prints each number once it is committed. */
const [, , dataFolder = ''] = process.argv
const database = await startEmbeddedDatabase(dataFolder, silentLog())
const client = new pg.Client(database.connectionString)
await client.connect()
await client.query('create table if not exists written (n int primary key)')
const { rows } = await client.query<{ next: number }>('select coalesce(max(n), 0) + 1 as next from written')
for (let n = rows[0]?.next ?? 1; ; n += 1) {
  await client.query('insert into written values ($1)', [n])
  process.stdout.write(`${n}\n`)
}
