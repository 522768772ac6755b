import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { locateBinaries } from '../lib/postgres/binaries.ts'
import { ensureCluster } from '../lib/postgres/data-folder.ts'
import { startPostgres, stopPostgres } from '../lib/postgres/server.ts'
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
  const folder = { root: join(root, 'server') }
  const binaries = await locateBinaries(join(root, 'cache'))
  await ensureCluster(folder, binaries, { sync: false })
  const server = await startPostgres(folder, binaries, { settings })
  await makeTemplate(server.connectionString)
  project.provide('postgres', server.connectionString())
  return async () => {
    await stopPostgres(folder, 'immediate')
    rmSync(root, { recursive: true, force: true })
  }
}

async function makeTemplate(connectionString: (database?: string) => string): Promise<void> {
  const admin = new pg.Client(connectionString())
  await admin.connect()
  await admin.query(`create database ${TEMPLATE}`)
  await admin.end()
  const pool = new pg.Pool({ connectionString: connectionString(TEMPLATE) })
  await migrate(pool)
  await pool.end()
}
