import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FairwayError } from '@fairway/contract/errors'
import type pg from 'pg'

type Migration = { version: number; name: string; sql: string }

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../migrations')
const ADVISORY_LOCK = 7_420_001

/** The numbered files of `migrations/`, in order. */
export function readMigrations(): Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name))
    .sort()
    .map((name) => ({
      version: Number(name.slice(0, 4)),
      name,
      sql: readFileSync(join(folder, name), 'utf8'),
    }))
}

/**
 * Brings the database to this version's schema. Each migration is recorded and applied in one transaction; of two
 * servers that start together, one waits for the other. A database that is newer than the code is refused.
 */
export async function migrate(pool: pg.Pool): Promise<string[]> {
  const client = await pool.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK])
    return await applyMissing(client, readMigrations())
  } finally {
    await client.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK])
    client.release()
  }
}

async function applyMissing(client: pg.PoolClient, migrations: readonly Migration[]): Promise<string[]> {
  await client.query(
    'create table if not exists migration (version int primary key, name text not null, at timestamptz not null default now())',
  )
  const { rows } = await client.query<{ version: number }>('select version from migration')
  const applied = new Set(rows.map(({ version }) => version))
  refuseNewer(applied, migrations)
  const missing = migrations.filter(({ version }) => !applied.has(version))
  for (const migration of missing) await apply(client, migration)
  return missing.map(({ name }) => name)
}

function refuseNewer(applied: ReadonlySet<number>, migrations: readonly Migration[]): void {
  const newest = Math.max(0, ...migrations.map(({ version }) => version))
  const unknown = [...applied].filter((version) => version > newest)
  if (unknown.length === 0) return
  throw new FairwayError(
    'conflict',
    `The database has migration ${Math.max(...unknown)}; this Fairway knows ${newest}. Start the newer Fairway.`,
  )
}

async function apply(client: pg.PoolClient, { version, name, sql }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query('insert into migration (version, name) values ($1, $2)', [version, name])
    await client.query(sql)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new Error(`migration ${name} failed; nothing of it was applied`, { cause: error })
  }
}
