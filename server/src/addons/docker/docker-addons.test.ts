import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { until } from '../../lib/test-until.ts'
import type { AddonEndpoint, AddonEngine, AddonSettings } from '../../reconcile/addon-port.ts'
import { createFolderStorage } from '../storage/folder.ts'
import { dockerAddonCrashPoints } from './docker-addons.ts'
import { docker, imagesFolder, redisCommands, testInstallation } from './docker-test-world.ts'
import { createDockerPostgresEngine, createDockerRedisEngine } from './engines.ts'

const settings: AddonSettings = {
  version: 'latest',
  database: 'shop',
  username: 'shopper',
  password: 'planted-user-password',
  adminPassword: 'planted-admin-password',
}
const place = (generation: number) => ({ projectId: 'shop', addonId: 'db', generation })
const container = (installation: string, generation = 1) =>
  docker.getContainer(`fairway-${installation}.shop.db.g${generation}`)

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

type Make = typeof createDockerPostgresEngine

async function world(make: Make, more: Partial<AddonSettings> = {}) {
  const installation = testInstallation()
  const engine = make({ installation, images: imagesFolder })
  const folder = await mkdtemp(join(tmpdir(), 'fairway-addon-'))
  cleanUps.push(() => rm(folder, { recursive: true, force: true }))
  cleanUps.push(async () => {
    for (const generation of [1, 2]) await engine.destroy(place(generation))
  })
  const wanted = { ...settings, ...more }
  await engine.create(place(1), wanted)
  const storage = createFolderStorage(folder)
  const work = { settings: wanted, storage, log: () => undefined, signal: new AbortController().signal }
  return { installation, engine, wanted, work }
}

async function endpointOf(engine: AddonEngine, generation = 1): Promise<AddonEndpoint> {
  const seen = await engine.observe(place(generation))
  if (seen.state !== 'running') throw new Error(`generation ${generation} is ${seen.state}`)
  return seen.endpoint
}

async function asUser(endpoint: AddonEndpoint, sql: string, ssl?: pg.ClientConfig['ssl']) {
  const client = new pg.Client({
    host: endpoint.externalHost,
    port: endpoint.port,
    user: settings.username,
    password: settings.password,
    database: settings.database,
    ...(ssl !== undefined && { ssl }),
  })
  await client.connect()
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

/** What a container of this image prints, in the project's network. */
async function runWorkload(installation: string, script: string, image = 'node:20-slim'): Promise<string> {
  const workload = await docker.createContainer({
    Image: image,
    Entrypoint: ['sh', '-c', script],
    Cmd: [],
    Healthcheck: { Test: ['NONE'] },
    Labels: { 'fairway.installation': installation, 'fairway.project': 'shop' },
    HostConfig: { NetworkMode: `fairway-${installation}-shop` },
  })
  try {
    await workload.start()
    await workload.wait()
    const output = await workload.logs({ stdout: true, stderr: true, follow: false })
    return output.subarray(8).toString()
  } finally {
    await workload.remove({ force: true })
  }
}

const kinds = [
  ['PostgreSQL', createDockerPostgresEngine],
  ['Redis', createDockerRedisEngine],
] as const

/** Each test makes servers from nothing, on a machine that may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

describe.skipIf(!dockerHere)('an addon on a Docker Engine', () => {
  test.each(kinds)(
    '%s: its passwords are in nothing that the engine or the process list shows',
    async (_, make) => {
      const { installation, engine, work } = await world(make)
      await engine.backup(place(1), { ...work, type: 'snapshot', compression: 'gz', key: 'one' })
      const info = await container(installation).inspect()
      const processes = await container(installation).top({ ps_args: 'auxe' })
      const shown = JSON.stringify([info, processes, await engine.logs(place(1), 1000)])
      expect(shown).toContain('serve')
      expect(shown).not.toMatch(/planted/)
    },
  )

  test.each(kinds)(
    '%s: killed, it is seen as stopped, and starts again with its data',
    async (name, make) => {
      const { installation, engine, wanted } = await world(make)
      const write = async () => {
        const endpoint = await endpointOf(engine)
        if (name === 'Redis') await redisCommands(endpoint, wanted.password, [['SET', 'key', 'kept']])
        else await asUser(endpoint, `create table things as select 'kept' as thing`)
      }
      const read = async () => {
        const endpoint = await endpointOf(engine)
        return name === 'Redis'
          ? redisCommands(endpoint, wanted.password, [['GET', 'key']])
          : (await asUser(endpoint, 'select thing from things')).map(({ thing }) => thing)
      }
      await write()
      await container(installation).kill()
      await until('the stop', async () => (await engine.observe(place(1))).state === 'stopped')
      await engine.start(place(1), wanted)
      expect(await read()).toEqual(['kept'])
    },
  )

  test.each(kinds)('%s: the engine itself brings back a server that died', async (_, make) => {
    const { installation, engine } = await world(make)
    const before = await container(installation).inspect()
    const kill = await container(installation).exec({ Cmd: ['sh', '-c', 'kill -9 -1'] })
    await kill.start({ Detach: true })
    await until('another start', async () => {
      const { State } = await container(installation).inspect()
      return State.StartedAt !== before.State.StartedAt
    })
    await until('it to run', async () => (await engine.observe(place(1))).state === 'running')
  })

  test('PostgreSQL: clients of the project reach it by name, encrypted, and trust its certificate only', async () => {
    const { installation, engine, wanted } = await world(createDockerPostgresEngine, { tls: true })
    const endpoint = await endpointOf(engine)
    const { ca = '' } = endpoint
    const [row] = await asUser(endpoint, 'select ssl from pg_stat_ssl where pid = pg_backend_pid()', {
      ca,
      servername: 'db',
    })
    expect(row).toEqual({ ssl: true })
    await expect(asUser(endpoint, 'select 1')).rejects.toThrow(/no encryption/)
    await expect(asUser(endpoint, 'select 1', { servername: 'db' })).rejects.toThrow(/certificate/)
    const psql = (mode: string) =>
      runWorkload(
        installation,
        `printf '%s' '${ca}' >/tmp/ca; PGPASSWORD=${wanted.password} psql -Atc 'select 42' \
          'host=${endpoint.host} user=shopper dbname=shop sslrootcert=/tmp/ca sslmode=${mode}' 2>&1`,
        'fairway/postgresql:15',
      )
    expect(await psql('verify-full')).toBe('42\n')
    expect(await psql('disable')).toMatch(/no encryption/)
  })

  test('Redis: clients of the project reach it by name, encrypted, and it answers nobody without the password', async () => {
    const { installation, engine, wanted } = await world(createDockerRedisEngine, { tls: true })
    const endpoint = await endpointOf(engine)
    expect(
      await redisCommands(endpoint, wanted.password, [
        ['SET', 'a', '1'],
        ['GET', 'a'],
      ]),
    ).toEqual(['OK', '1'])
    await expect(redisCommands(endpoint, 'wrong', [['GET', 'a']])).rejects.toThrow(/WRONGPASS/)
    const { ca, ...plain } = endpoint
    await expect(redisCommands(plain, wanted.password, [['GET', 'a']])).rejects.toThrow()
    const greeting = await runWorkload(
      installation,
      `printf '%s' '${ca}' >/tmp/ca; redis-cli --tls --cacert /tmp/ca -h ${endpoint.host} ping 2>&1`,
      'fairway/redis:7',
    )
    expect(greeting).toMatch(/NOAUTH/)
  })

  test('another container of the project finds it by its id; a generation beside it has another name', async () => {
    const { installation, engine, work } = await world(createDockerRedisEngine)
    const record = await engine.backup(place(1), {
      ...work,
      type: 'snapshot',
      compression: 'none',
      key: 'one',
    })
    const connect = (host: string) =>
      runWorkload(
        installation,
        `node -e "require('net').connect(6379, '${host}').on('error', (e) => console.log(e.code)).on('connect', function () { console.log(this.remoteAddress); this.end() })"`,
      )
    await engine.restore(place(2), { ...work, type: 'snapshot', record })
    const [first, second] = [await endpointOf(engine, 1), await endpointOf(engine, 2)]
    expect(await connect('db')).toBe(`${first.externalHost}\n`)
    expect(await connect(first.host)).toBe(`${first.externalHost}\n`)
    expect(await connect(second.host)).toBe(`${second.externalHost}\n`)
  })

  test('a restored generation has the certificate that clients trust already', async () => {
    const { engine, work, wanted } = await world(createDockerRedisEngine, { tls: true })
    await redisCommands(await endpointOf(engine), wanted.password, [['SET', 'a', '1']])
    const record = await engine.backup(place(1), {
      ...work,
      type: 'snapshot',
      compression: 'none',
      key: 'one',
    })
    expect(await engine.restore(place(2), { ...work, type: 'snapshot', record })).toEqual({
      tables: 1,
      rows: 1,
    })
    expect((await endpointOf(engine, 2)).ca).toBe((await endpointOf(engine, 1)).ca)
  })

  test.each(['gz', 'zstd', 'none'] as const)(
    'PostgreSQL: a %s dump restores with its owner',
    async (compression) => {
      const { engine, work } = await world(createDockerPostgresEngine)
      await asUser(await endpointOf(engine), 'create table things as select generate_series(1, 1000) as n')
      const record = await engine.backup(place(1), { ...work, type: 'dump', compression, key: 'one' })
      expect(record.engineVersion).toMatch(/^15\.\d+$/)
      expect(await engine.restore(place(2), { ...work, type: 'dump', record })).toEqual({
        tables: 1,
        rows: 1000,
      })
      await asUser(await endpointOf(engine, 2), 'alter table things add column more int')
    },
  )

  test('other limits and encryption come with the next start, the data stays', async () => {
    const { installation, engine, wanted } = await world(createDockerRedisEngine)
    await redisCommands(await endpointOf(engine), wanted.password, [['SET', 'a', '1']])
    const scaled = { ...wanted, tls: true, limits: { memoryMb: 256, cpuMillis: 500 } }
    await engine.stop(place(1))
    await engine.start(place(1), scaled)
    const { HostConfig } = await container(installation).inspect()
    expect(HostConfig).toMatchObject({ Memory: 256 * 1024 * 1024, NanoCpus: 500_000_000 })
    expect(await redisCommands(await endpointOf(engine), wanted.password, [['GET', 'a']])).toEqual(['1'])
  })

  test.each(dockerAddonCrashPoints)('cut off at %s, the next start goes on from there', async (point) => {
    const installation = testInstallation()
    const hit = (name: string) => {
      if (name === point) throw new Error('cut off')
    }
    const cut = createDockerRedisEngine({ installation, images: imagesFolder, crash: { hit } })
    const engine = createDockerRedisEngine({ installation, images: imagesFolder })
    cleanUps.push(() => engine.destroy(place(1)))
    await expect(cut.create(place(1), settings)).rejects.toThrow('cut off')
    expect(await engine.observe(place(1))).toEqual({ state: 'stopped' })
    await engine.start(place(1), settings)
    await endpointOf(engine)
  })

  test('it starts again after its stopped container lost its network', async () => {
    const { installation, engine, wanted } = await world(createDockerRedisEngine)
    await engine.stop(place(1))
    await docker.getNetwork(`fairway-${installation}-shop`).remove()
    await engine.start(place(1), wanted)
    await endpointOf(engine)
  })

  test('a destroyed addon leaves no container, volume or network', async () => {
    const { installation, engine } = await world(createDockerRedisEngine)
    await engine.destroy(place(1))
    const filters = { label: [`fairway.installation=${installation}`] }
    expect(await docker.listContainers({ all: true, filters })).toEqual([])
    expect((await docker.listVolumes({ filters })).Volumes).toEqual([])
    expect(await docker.listNetworks({ filters })).toEqual([])
  })

  test('a dump of Redis is refused with what it has instead', async () => {
    const { engine, work } = await world(createDockerRedisEngine)
    await expect(
      engine.backup(place(1), { ...work, type: 'dump', compression: 'gz', key: 'one' }),
    ).rejects.toThrow('Redis has no dumps. Take a snapshot.')
  })

  test('a version that the image does not have is refused with the one it has', async () => {
    const engine = createDockerPostgresEngine({ installation: testInstallation(), images: imagesFolder })
    await expect(engine.create(place(1), { ...settings, version: '9.6' })).rejects.toThrow(
      'PostgreSQL 9.6 is not available here. Choose "15" or "latest".',
    )
  })
})
