import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { type Cluster, initialise, openCluster } from './cluster.ts'
import { findPostmaster } from './postmaster.ts'
import { startServer, stopServer } from './server.ts'

const open: { cluster: Cluster; base: string }[] = []

afterEach(async () => {
  for (const { cluster, base } of open.splice(0)) {
    await stopServer(cluster)
    await rm(base, { recursive: true, force: true })
  }
})

const superuser = { name: 'postgres', password: 'it is a secret' }

async function freshCluster(): Promise<Cluster> {
  const base = await mkdtemp(join(tmpdir(), 'fairway-pg-test-'))
  const cluster = await openCluster(join(base, 'cluster'), join(base, 'binaries'))
  open.push({ cluster, base })
  await initialise(cluster, superuser, { sync: false })
  return cluster
}

async function query<T>(port: number, sql: string): Promise<T[]> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: superuser.name,
    password: superuser.password,
    database: 'postgres',
  })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows as T[]
  } finally {
    await client.end()
  }
}

test('a running server is adopted, with its data, instead of started twice', async () => {
  const cluster = await freshCluster()
  const first = await startServer(cluster)
  await query(first.port, 'create table kept (n int)')
  const second = await startServer(cluster)
  expect(second).toEqual({ pid: first.pid, port: first.port, adopted: true })
  await query(second.port, 'select n from kept')
})

test('it syncs to disk, checks checksums, listens on loopback only and asks for the password', async () => {
  const cluster = await freshCluster()
  const { port } = await startServer(cluster)
  const settings = await query<{ name: string; setting: string }>(
    port,
    `select name, setting from pg_settings where name in ('fsync', 'data_checksums', 'listen_addresses', 'server_encoding')`,
  )
  expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
    fsync: 'on',
    data_checksums: 'on',
    listen_addresses: '127.0.0.1',
    server_encoding: 'UTF8',
  })
  const stranger = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: 'wrong' })
  await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' })
  expect((await stat(cluster.dataDirectory)).mode & 0o777).toBe(0o700)
})

test('when only the postmaster was killed, the next start waits for its children and keeps what was committed', async () => {
  const cluster = await freshCluster()
  const first = await startServer(cluster)
  await query(first.port, 'create table kept as select 42 as n')
  process.kill(first.pid, 'SIGKILL')
  const second = await startServer(cluster)
  expect(second.adopted).toBe(false)
  expect(second.pid).not.toBe(first.pid)
  expect(await query(second.port, 'select n from kept')).toEqual([{ n: 42 }])
})

test('it comes back on the same port after a clean stop', async () => {
  const cluster = await freshCluster()
  const first = await startServer(cluster)
  await stopServer(cluster)
  expect(await findPostmaster(cluster.dataDirectory)).toBeUndefined()
  const second = await startServer(cluster)
  expect(second.port).toBe(first.port)
  const log = await readFile(join(cluster.folder, 'start.log'), 'utf8')
  expect(log).not.toContain(superuser.password)
})

test.runIf(process.getuid?.() === 0)('as root it works below a folder that only root may enter', async () => {
  const base = await mkdtemp(join(tmpdir(), 'fairway-pg-test-'))
  await chmod(base, 0o700)
  const cluster = await openCluster(join(base, 'a', 'cluster'), join(base, 'binaries'))
  open.push({ cluster, base })
  expect(cluster.identity?.uid).not.toBe(0)
  await initialise(cluster, superuser, { sync: false })
  const { port } = await startServer(cluster)
  expect(await query(port, 'select 1 as one')).toEqual([{ one: 1 }])
})
