import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
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

// Nothing here outlives the test run, so nothing needs to reach the disk.
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }

/** One PostgreSQL for the whole run, with a migrated template that `withTestDb` clones. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers()
  const root = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  const cluster = await openCluster(join(root, 'server'), join(root, 'binaries'))
  const password = randomUUID()
  await initialise(cluster, { name: 'postgres', password }, { sync: false })
  const { port } = await startServer(cluster, settings)
  const connectionString = (database = 'postgres'): string =>
    `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
  await makeTemplate(connectionString)
  project.provide('postgres', connectionString())
  return async () => {
    await stopServer(cluster)
    rmSync(root, { recursive: true, force: true })
  }
}

/** What runs that were killed left: a server each. The name of its folder says whose it was. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const owner = Number(name.slice(PREFIX.length).split('-')[0])
    if (!Number.isInteger(owner) || isRunning(owner)) continue
    const root = join(tmpdir(), name)
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
