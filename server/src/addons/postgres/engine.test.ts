import { join } from 'node:path'
import pg from 'pg'
import type { AddonEndpoint, AddonSettings } from '../../reconcile/addon-port.ts'
import { testAddonEngine } from '../engine-contract.ts'
import { createPostgresEngine } from './engine.ts'

async function query<T>({ port }: AddonEndpoint, settings: AddonSettings, sql: string): Promise<T[]> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: settings.username,
    password: settings.password,
    database: settings.database,
  })
  await client.connect()
  try {
    return (await client.query(sql)).rows as T[]
  } finally {
    await client.end()
  }
}

testAddonEngine({
  open: (folder) =>
    createPostgresEngine({ data: join(folder, 'addons'), programs: join(folder, 'programs') }),
  async write(endpoint, settings, numbers) {
    await query(endpoint, settings, 'create table if not exists numbers (n int)')
    for (const n of numbers) await query(endpoint, settings, `insert into numbers values (${n})`)
  },
  async read(endpoint, settings) {
    const rows = await query<{ n: number }>(endpoint, settings, 'select n from numbers order by n')
    return rows.map(({ n }) => n)
  },
})
