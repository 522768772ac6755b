import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
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

// Nothing here outlives the test run, so nothing needs to reach the disk.
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }

/** One PostgreSQL for the whole run, with a migrated template that `withTestDb` clones. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = mkdtempSync(join(tmpdir(), 'fairway-test-pg-'))
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

async function makeTemplate(connectionString: (database: string) => string): Promise<void> {
  const admin = new pg.Client(connectionString('postgres'))
  await admin.connect()
  await admin.query(`create database ${TEMPLATE}`)
  await admin.end()
  const pool = new pg.Pool({ connectionString: connectionString(TEMPLATE) })
  await migrate(pool)
  await pool.end()
}
