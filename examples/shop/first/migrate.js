// Brings the database to the newest schema. Safe to run twice, and by two at once.
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'

const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query('select pg_advisory_lock(4711)')
await client.query(
  'create table if not exists schema_migration (version int primary key, at timestamptz default now())',
)

for (const file of (await readdir('migrations')).sort()) {
  const version = Number.parseInt(file, 10)
  const { rowCount } = await client.query('select 1 from schema_migration where version = $1', [version])
  if (rowCount > 0) {
    console.log(`migration ${file}: already there`)
    continue
  }
  await client.query('begin')
  await client.query(await readFile(`migrations/${file}`, 'utf8'))
  await client.query('insert into schema_migration (version) values ($1)', [version])
  await client.query('commit')
  console.log(`migration ${file}: applied`)
}
await client.end()
