import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { hasCode } from '../lib/has-code.ts'
import { initialise, openCluster } from '../lib/postgres/cluster.ts'
import { startServer, stopServer } from '../lib/postgres/server.ts'
import { migrate } from './migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser connection to the run's server; `fairway_template` is migrated. */
    postgres: string
  }
}

export const TEMPLATE = 'fairway_template'
const PREFIX = 'fairway-test-pg-'
/** A database of a test's own is made there in a fifth of the time: there are more than a thousand of them. */
const MEMORY = '/dev/shm'
const ROOM_BYTES = 4 * 2 ** 30

// Nothing here outlives the test run, so nothing needs to reach the disk.
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }

/** One PostgreSQL for the whole run, with a migrated template that `withTestDb` clones. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  for (const place of [tmpdir(), MEMORY]) await removeLeftovers(place)
  const root = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  const data = hasRoom(MEMORY) ? mkdtempSync(join(MEMORY, `${PREFIX}${process.pid}-`)) : root
  const cluster = await openCluster(join(data, 'server'), join(root, 'binaries'))
  const password = randomUUID()
  await initialise(cluster, { name: 'postgres', password }, { sync: false })
  const { port } = await startServer(cluster, settings)
  const connectionString = (database = 'postgres'): string =>
    `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
  await makeTemplate(connectionString)
  project.provide('postgres', connectionString())
  return async () => {
    await stopServer(cluster)
    for (const folder of [root, data]) rmSync(folder, { recursive: true, force: true })
  }
}

/** Whether there is a disk in memory that takes some hundred databases. */
function hasRoom(folder: string): boolean {
  if (!existsSync(folder)) return false
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize > ROOM_BYTES
}

/** What runs that were killed left: a server each. The name of its folder says whose it was. */
async function removeLeftovers(place: string): Promise<void> {
  if (!existsSync(place)) return
  for (const name of readdirSync(place).filter((entry) => entry.startsWith(PREFIX))) {
    const owner = Number(name.slice(PREFIX.length).split('-')[0])
    if (!Number.isInteger(owner) || isRunning(owner)) continue
    const root = join(place, name)
    await stopServer({ dataDirectory: join(root, 'server', 'data') })
    rmSync(root, { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !hasCode(error, 'ESRCH')
  }
}

async function makeTemplate(connectionString: (database: string) => string): Promise<void> {
  const admin = new pg.Client(connectionString('postgres'))
  await admin.connect()
  await admin.query(`create database ${TEMPLATE}`)
  await admin.end()
  const pool = new pg.Pool({ connectionString: connectionString(TEMPLATE) })
  await migrate(pool)
  await pool.end()
}
