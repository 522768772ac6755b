import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import type { AddonEndpoint, AddonSettings } from '../../reconcile/addon-port.ts'
import { testAddonEngine } from '../engine-contract.ts'
import { createFolderStorage } from '../storage/folder.ts'
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

const settings: AddonSettings = {
  version: 'latest',
  database: 'shop',
  username: 'shopper',
  password: 'secret',
  adminPassword: 'admin secret',
}

test('what is written and checkpointed while files are copied is all in the snapshot', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-addon-'))
  const engine = createPostgresEngine({ data: join(folder, 'addons'), programs: join(folder, 'programs') })
  const place = (generation: number) => ({ projectId: 'shop', addonId: 'db', generation })
  try {
    await engine.create(place(1), settings)
    const seen = await engine.observe(place(1))
    if (seen.state !== 'running') throw new Error(seen.state)
    const asUser = (sql: string) => query<{ n: number }>(seen.endpoint, settings, sql)
    const asAdmin = (sql: string) =>
      query(seen.endpoint, { ...settings, username: 'postgres', password: settings.adminPassword }, sql)
    await asUser('create table numbers as select generate_series(1, 50000) as n')
    const storage = createFolderStorage(join(folder, 'backups'))
    let rounds = 0
    async function* slowed(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      let chunks = 0
      for await (const chunk of data) {
        yield chunk
        chunks += 1
        if (chunks % 300 !== 0) continue
        rounds += 1
        await asUser('update numbers set n = n + 1')
        await asAdmin('checkpoint')
      }
    }
    const request = {
      settings,
      type: 'snapshot' as const,
      log: () => undefined,
      signal: new AbortController().signal,
    }
    const record = await engine.backup(place(1), {
      ...request,
      compression: 'none',
      key: 'slow',
      storage: { ...storage, write: (key, data) => storage.write(key, slowed(data)) },
    })
    expect(rounds).toBeGreaterThan(2)
    await engine.restore(place(2), { ...request, record, storage })
    const restored = await engine.observe(place(2))
    if (restored.state !== 'running') throw new Error(restored.state)
    const sums =
      'select count(*)::int as n from numbers union all select (sum(n) - 1250025000)::int / 50000 from numbers'
    const [count, updates] = await query<{ n: number }>(restored.endpoint, settings, sums)
    expect(count!.n).toBe(50_000)
    // The last round may come after the end of the backup: then only the log that was copied counts.
    expect(updates!.n).toBeGreaterThanOrEqual(rounds - 1)
  } finally {
    await engine.destroy(place(1))
    await engine.destroy(place(2))
    await rm(folder, { recursive: true, force: true })
  }
})
