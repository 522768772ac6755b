import pg from 'pg'
import type { AddonSettings } from '../../reconcile/addon-port.ts'

export const ADMIN = 'postgres'

/** Without a host: this machine. Without an authority: no encryption. */
export type ServerAddress = { host?: string; port: number; tls?: { ca: string; servername: string } }

type Admin = Pick<AddonSettings, 'adminPassword'>

/** Runs `work` in an administrator's session. */
export async function asAdmin<T>(
  at: ServerAddress & { database?: string },
  settings: Admin,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = adminClient(at, settings)
  let lost: Error | undefined
  client.on('error', (error) => {
    lost = error
  })
  await client.connect()
  try {
    const result = await work(client)
    if (lost !== undefined) throw lost
    return result
  } finally {
    await client.end()
  }
}

/** An administrator's client that is not connected yet. */
export const adminClient = (at: ServerAddress & { database?: string }, settings: Admin): pg.Client =>
  new pg.Client({
    host: at.host ?? '127.0.0.1',
    port: at.port,
    ...(at.tls !== undefined && { ssl: at.tls }),
    user: ADMIN,
    password: settings.adminPassword,
    database: at.database ?? 'postgres',
    application_name: 'fairway',
  })

/** Makes the addon's user and database unless they are there. */
export function ensureLogin(at: ServerAddress, settings: AddonSettings): Promise<void> {
  const { username, password, database } = settings
  return asAdmin(at, settings, async (client) => {
    const user = pg.escapeIdentifier(username)
    if (!(await exists(client, 'select 1 from pg_roles where rolname = $1', username)))
      await client.query(`create role ${user} login password ${pg.escapeLiteral(password)}`)
    if (!(await exists(client, 'select 1 from pg_database where datname = $1', database)))
      await client.query(`create database ${pg.escapeIdentifier(database)} owner ${user}`)
  })
}

async function exists(client: pg.Client, sql: string, value: string): Promise<boolean> {
  return (await client.query(sql, [value])).rows.length > 0
}

/**
 * Reads every row of every table and materialized view of every database, the system's own included: a damaged page
 * fails its checksum. Counts those of people.
 */
export async function readEverything(
  at: ServerAddress,
  settings: AddonSettings,
  signal: AbortSignal,
): Promise<{ tables: number; rows: number }> {
  const databases = await asAdmin(at, settings, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where datallowconn',
    )
    return rows.map(({ datname }) => datname)
  })
  const total = { tables: 0, rows: 0 }
  for (const database of databases) {
    const read = await asAdmin({ ...at, database }, settings, (client) => readDatabase(client, signal))
    total.tables += read.tables
    total.rows += read.rows
  }
  return total
}

type Table = { schema: string; name: string; own: boolean }

async function readDatabase(
  client: pg.Client,
  signal: AbortSignal,
): Promise<{ tables: number; rows: number }> {
  // An index would answer the count without reading the table.
  await client.query(
    'set enable_indexonlyscan = off; set enable_indexscan = off; set enable_bitmapscan = off',
  )
  const { rows: tables } = await client.query<Table>(
    `select n.nspname as schema, c.relname as name, n.nspname !~ '^(pg_|information_schema$)' as own
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm') and c.relpersistence <> 't' and (c.relkind = 'r' or c.relispopulated)`,
  )
  const total = { tables: 0, rows: 0 }
  for (const { schema, name, own } of tables) {
    signal.throwIfAborted()
    const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
    const { rows } = await client.query<{ count: string }>(`select count(*) from ${table}`)
    if (!own) continue
    total.tables += 1
    total.rows += Number(rows[0]?.count ?? 0)
  }
  return total
}
