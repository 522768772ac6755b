import { once } from 'node:events'
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayBackend } from '@fairway/contract/gateway'
import { afterAll, expect, test } from 'vitest'
import { startInstance } from '../test-instance.ts'
import { describeTraffic } from '../traffic-contract.ts'
import { createControlClient } from './control-client.ts'
import { startEmbeddedTraffic } from './embedded-traffic.ts'
import { defaultGatewayEntry, type GatewaySettings, stopEmbeddedGateway } from './gateway-process.ts'

const log = { info: () => undefined, error: () => undefined }
const cleanUps: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
})

async function newSettings(): Promise<GatewaySettings> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-traffic-'))
  const controlSocket = join(folder, 'control.sock')
  cleanUps.push(async () => {
    await stopEmbeddedGateway(controlSocket)
    await rm(folder, { recursive: true, force: true })
  })
  const listen = { host: '127.0.0.1', port: await freePort() }
  return { listen, controlSocket, stateFolder: join(folder, 'gateway'), flags: { workers: '2' } }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const pidOf = async (settings: GatewaySettings): Promise<number | undefined> =>
  (await createControlClient(settings.controlSocket).health())?.pid

const routes = (generation: number, backends: GatewayBackend[]) => ({
  key: 'p/one',
  generation,
  routes: [{ hosts: ['*'], pathPrefix: '/', backends }],
  drainBudgetMs: 1_000,
  requestTimeoutMs: 0,
})

describeTraffic('the embedded gateway', async () => {
  const settings = await newSettings()
  const traffic = await startEmbeddedTraffic({ settings, log })
  return { traffic, cleanUp: () => traffic.close() }
})

test('the gateway outlives the control plane, which adopts it when it comes back', async () => {
  const settings = await newSettings()
  const instance = await startInstance('one')
  cleanUps.push(() => instance.stop())
  const first = await startEmbeddedTraffic({ settings, log })
  await first.apply(routes(3, [instance.active]))
  const pid = await pidOf(settings)
  await first.close()

  expect(await (await fetch(first.publicUrl())).text()).toBe('one')
  const second = await startEmbeddedTraffic({ settings, log })

  expect(await pidOf(settings)).toBe(pid)
  expect(await second.list()).toEqual([{ key: 'p/one', generation: 3 }])
  await second.close()
})

test('a gateway that was killed is started again by the watch, and serves what was acknowledged', async () => {
  const settings = await newSettings()
  const instance = await startInstance('one')
  cleanUps.push(() => instance.stop())
  const traffic = await startEmbeddedTraffic({ settings, log, watchEveryMs: 50 })
  await traffic.apply(routes(1, [instance.active]))
  const pid = (await pidOf(settings)) ?? 0

  process.kill(pid, 'SIGKILL')
  const deadline = performance.now() + 15_000
  let body = ''
  while (body !== 'one' && performance.now() < deadline) {
    body = await fetch(traffic.publicUrl()).then(
      (res) => res.text(),
      () => '',
    )
    await delay(20)
  }

  expect(body).toBe('one')
  expect(await pidOf(settings)).not.toBe(pid)
  await traffic.close()
})

test('a call that meets a dead gateway starts it and is answered', async () => {
  const settings = await newSettings()
  const traffic = await startEmbeddedTraffic({ settings, log, watchEveryMs: 60_000 })
  process.kill((await pidOf(settings)) ?? 0, 'SIGKILL')

  await traffic.apply(routes(1, []))

  expect(await traffic.list()).toEqual([{ key: 'p/one', generation: 1 }])
  await traffic.close()
})

test('a newer gateway takes over while requests flow: none is refused, none is broken, the routes go on', async () => {
  const settings = await newSettings()
  const instance = await startInstance('one')
  cleanUps.push(() => instance.stop())
  const old = await startEmbeddedTraffic({ settings, log })
  await old.apply(routes(1, [instance.active]))
  const pid = await pidOf(settings)
  await old.close()
  let loading = true
  const bad: string[] = []
  let requests = 0
  const client = async (agent: Agent | false): Promise<void> => {
    while (loading) {
      requests += 1
      const body = await get(old.publicUrl(), agent).catch((error: Error) => error.message)
      if (body !== 'one') bad.push(body)
    }
  }
  const kept = Array.from({ length: 5 }, () => client(new Agent({ keepAlive: true, maxSockets: 1 })))
  const fresh = [client(false), client(false)]

  const newer = await startEmbeddedTraffic({ settings: { ...settings, entry: await newerGateway() }, log })
  loading = false
  await Promise.all([...kept, ...fresh])

  expect(bad).toEqual([])
  expect(requests).toBeGreaterThan(100)
  expect(await pidOf(settings)).not.toBe(pid)
  expect((await createControlClient(settings.controlSocket).health())?.version).toBe('99.0.0')
  expect(await newer.list()).toEqual([{ key: 'p/one', generation: 1 }])
  await newer.close()
})

test('a gateway on another address than the one set is replaced', async () => {
  const settings = await newSettings()
  const first = await startEmbeddedTraffic({ settings, log })
  await first.close()
  const moved = { ...settings, listen: { host: '127.0.0.1', port: await freePort() } }

  const second = await startEmbeddedTraffic({ settings: moved, log })

  expect(second.publicUrl()).toBe(`http://127.0.0.1:${moved.listen.port}`)
  expect((await fetch(second.publicUrl())).status).toBe(404)
  await second.close()
})

test('a port that is taken is said at once, with the reason in the detail', async () => {
  const settings = await newSettings()
  const occupied = createServer().listen(settings.listen.port, '127.0.0.1')
  await once(occupied, 'listening')

  await expect(startEmbeddedTraffic({ settings, log })).rejects.toMatchObject({
    code: 'traffic_failed',
    detail: expect.stringContaining('EADDRINUSE'),
  })
  occupied.close()
})

/** This gateway's source under a higher version number. */
async function newerGateway(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-newer-'))
  cleanUps.push(() => rm(folder, { recursive: true, force: true }))
  const source = dirname(defaultGatewayEntry())
  await cp(source, join(folder, 'src'), { recursive: true })
  await symlink(join(source, '../../node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', version: '99.0.0' }))
  return join(folder, 'src/main.ts')
}

function get(url: string, agent: Agent | false): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = request(url, { agent }, (res) => {
      let body = ''
      res.setEncoding('utf8')
      res.on('data', (chunk: string) => {
        body += chunk
      })
      res.on('error', reject)
      res.on('end', () => resolve(body))
    })
    req.on('error', reject)
    req.end()
  })
}
