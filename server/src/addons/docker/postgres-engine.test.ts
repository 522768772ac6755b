import pg from 'pg'
import { describe, vi } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import type { AddonEndpoint, AddonSettings } from '../../reconcile/addon-port.ts'
import { testAddonEngine } from '../engine-contract.ts'
import { imagesFolder, testInstallation } from './docker-test-world.ts'
import { createDockerPostgresEngine } from './engines.ts'

async function query<T>(endpoint: AddonEndpoint, settings: AddonSettings, sql: string): Promise<T[]> {
  const client = new pg.Client({
    host: endpoint.externalHost ?? endpoint.host,
    port: endpoint.port,
    user: settings.username,
    password: settings.password,
    database: settings.database,
    ...(endpoint.ca !== undefined && { ssl: { ca: endpoint.ca, servername: 'db' } }),
  })
  await client.connect()
  try {
    return (await client.query(sql)).rows as T[]
  } finally {
    await client.end()
  }
}

/** Each test makes servers from nothing, on a machine that may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

describe.skipIf(!dockerHere)('PostgreSQL on a Docker Engine', () => {
  const installation = testInstallation()
  testAddonEngine({
    open: () => createDockerPostgresEngine({ installation, images: imagesFolder }),
    async write(endpoint, settings, numbers) {
      await query(endpoint, settings, 'create table if not exists numbers (n int)')
      for (const n of numbers) await query(endpoint, settings, `insert into numbers values (${n})`)
    },
    async read(endpoint, settings) {
      const rows = await query<{ n: number }>(endpoint, settings, 'select n from numbers order by n')
      return rows.map(({ n }) => n)
    },
  })
})
