/** What every traffic layer must hold, whatever proxy is behind it. Called by the test of each adapter. */
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayBackend, ServiceRoutes } from '@fairway/contract/gateway'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { BackendReport, Traffic } from '../reconcile/traffic-port.ts'
import { startInstance, type TestInstance } from './test-instance.ts'

export type TrafficUnderTest = { traffic: Traffic; cleanUp(): Promise<void> }

export function describeTraffic(name: string, start: () => Promise<TrafficUnderTest>): void {
  describe(`${name}, as every traffic layer`, () => {
    const world = new World()
    beforeAll(async () => {
      world.underTest = await start()
    })
    afterAll(() => world.end())
    describeRouting(world)
    describeDraining(world)
    describeDrainBudget(world)
  })
}

class World {
  underTest: TrafficUnderTest | undefined
  readonly #instances: TestInstance[] = []

  get traffic(): Traffic {
    if (this.underTest === undefined) throw new Error('not started')
    return this.underTest.traffic
  }

  async instance(...args: Parameters<typeof startInstance>): Promise<TestInstance> {
    const started = await startInstance(...args)
    this.#instances.push(started)
    return started
  }

  async end(): Promise<void> {
    await this.underTest?.cleanUp()
    await Promise.all(this.#instances.map((instance) => instance.stop()))
  }

  get(host: string, path = '/', agent: Agent | false = false): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const req = request(new URL(path, this.traffic.publicUrl()), { agent, headers: { host } }, (res) => {
        let body = ''
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          body += chunk
        })
        res.on('error', reject)
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body }))
      })
      req.on('error', reject)
      req.end()
    })
  }

  async backend(key: string, id: string): Promise<BackendReport> {
    const report = await this.traffic.report(key)
    const found = report?.backends.find((backend) => backend.id === id)
    if (found === undefined) throw new Error(`no backend ${id} in ${JSON.stringify(report)}`)
    return found
  }
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${condition.toString()}`)
    await delay(10)
  }
}

const routes = (
  key: string,
  generation: number,
  backends: GatewayBackend[],
  more: Partial<ServiceRoutes> = {},
): ServiceRoutes => ({
  key,
  generation,
  routes: [{ hosts: [`${key.replace('/', '-')}.test`], pathPrefix: '/', backends }],
  drainBudgetMs: 5_000,
  requestTimeoutMs: 0,
  ...more,
})

function describeRouting(world: World): void {
  test('routes are served from the moment they are acknowledged, by host and longest path prefix', async () => {
    const shop = await world.instance('shop')
    const api = await world.instance('api')
    await world.traffic.apply(
      routes('c/route', 1, [], {
        routes: [
          { hosts: ['route.test'], pathPrefix: '/', backends: [shop.active] },
          { hosts: ['route.test'], pathPrefix: '/api', backends: [api.active] },
        ],
      }),
    )

    const paths = ['/', '/api', '/api/x', '/apix']
    const bodies = await Promise.all(paths.map(async (path) => (await world.get('route.test', path)).body))
    expect(bodies).toEqual(['shop', 'api', 'api', 'shop'])
  })

  test('an older generation than the one held is a conflict, and the newer one stays', async () => {
    const newer = await world.instance('newer')
    const older = await world.instance('older')
    await world.traffic.apply(routes('c/order', 7, [newer.active]))

    await expect(world.traffic.apply(routes('c/order', 6, [older.active]))).rejects.toMatchObject({
      code: 'conflict',
    })
    await world.traffic.apply(routes('c/order', 7, [newer.active]))
    expect((await world.get('c-order.test')).body).toBe('newer')
    expect(await world.traffic.list()).toContainEqual({ key: 'c/order', generation: 7 })
  })

  test('a removed service is served no more, and reported no more', async () => {
    const gone = await world.instance('gone')
    await world.traffic.apply(routes('c/gone', 1, [gone.active]))
    await world.traffic.remove('c/gone')

    expect((await world.get('c-gone.test')).status).toBeGreaterThanOrEqual(400)
    expect(await world.traffic.report('c/gone')).toBe(undefined)
    expect((await world.traffic.list()).map(({ key }) => key)).not.toContain('c/gone')
    await world.traffic.remove('c/gone')
  })

  test('a service without a ready instance answers 503', async () => {
    await world.traffic.apply(routes('c/none', 1, []))
    expect((await world.get('c-none.test')).status).toBe(503)
  })

  test('the report counts requests of each instance and of the service', async () => {
    const one = await world.instance('one')
    await world.traffic.apply(routes('c/count', 1, [one.active]))
    for (let i = 0; i < 5; i += 1) await world.get('c-count.test')

    await until(async () => (await world.traffic.report('c/count'))?.totals.requests === 5)
    expect(await world.traffic.report('c/count')).toMatchObject({
      key: 'c/count',
      generation: 1,
      backends: [{ id: 'one', state: 'active', requests: 5, failures: 0 }],
      totals: { failures: 0 },
    })
    const { latencyCounts = [] } = (await world.traffic.report('c/count'))?.totals ?? {}
    expect(latencyCounts.reduce((sum, count) => sum + count, 0)).toBe(5)
    expect(world.traffic.measures?.by).not.toBe('')
  })
}

function describeDraining(world: World): void {
  test('no request fails while instances are replaced under load', async () => {
    let current = await world.instance('v0')
    let generation = 1
    await world.traffic.apply(routes('c/swap', generation, [current.active]))
    let swapping = true
    const statuses: (number | string)[] = []
    const client = async (agent: Agent | false): Promise<void> => {
      while (swapping) {
        const reply = await world
          .get('c-swap.test', '/', agent)
          .catch((error: Error) => ({ status: error.message }))
        statuses.push(reply.status)
      }
    }
    const agents = [
      false,
      false,
      ...Array.from({ length: 4 }, () => new Agent({ keepAlive: true, maxSockets: 1 })),
    ] as const
    const clients = agents.map((agent) => client(agent))

    for (let version = 1; version <= 10; version += 1) {
      const old = current
      current = await world.instance(`v${version}`)
      await world.traffic.apply(routes('c/swap', ++generation, [current.active, old.active]))
      await world.traffic.apply(routes('c/swap', ++generation, [current.active, old.draining]))
      await until(async () => (await world.backend('c/swap', old.id)).state === 'drained')
      await old.stop()
    }
    swapping = false
    await Promise.all(clients)

    expect(statuses.filter((status) => status !== 200)).toEqual([])
    expect(statuses.length).toBeGreaterThan(100)
  })

  test('a draining instance gets nothing new, and what it is at may finish', async () => {
    let finish: (() => void) | undefined
    const old = await world.instance('old', (_, res) => {
      finish = () => res.end('finished')
    })
    const next = await world.instance('next')
    await world.traffic.apply(routes('c/drain', 1, [old.active]))
    const underWay = world.get('c-drain.test')
    await until(() => finish !== undefined)

    await world.traffic.apply(routes('c/drain', 2, [old.draining, next.active]))
    for (let i = 0; i < 20; i += 1) expect((await world.get('c-drain.test')).body).toBe('next')
    expect(await world.backend('c/drain', 'old')).toMatchObject({ state: 'draining', inFlight: 1 })
    finish?.()

    expect((await underWay).body).toBe('finished')
    await until(async () => (await world.backend('c/drain', 'old')).state === 'drained')
    expect(old.requests()).toBe(1)
  })
}

function describeDrainBudget(world: World): void {
  test('what is left when the drain budget runs out is cut, and counted', async () => {
    const stuck = await world.instance('stuck', () => undefined)
    await world.traffic.apply(routes('c/cut', 1, [stuck.active]))
    const waiting = world.get('c-cut.test').then(
      (reply) => reply.status,
      () => 0,
    )
    await until(() => stuck.requests() === 1)

    await world.traffic.apply(routes('c/cut', 2, [stuck.draining], { drainBudgetMs: 200 }))

    expect(await waiting).not.toBe(200)
    await until(async () => (await world.backend('c/cut', 'stuck')).state === 'drained')
    expect((await world.backend('c/cut', 'stuck')).cut).toBe(1)
  })

  test('WebSockets stay open through the drain budget, and end after it', async () => {
    const old = await world.instance('old')
    const next = await world.instance('next')
    await world.traffic.apply(routes('c/sockets', 1, [old.active]))
    const url = world.traffic.publicUrl().replace('http', 'ws')
    const socket = new WebSocket(url, { headers: { host: 'c-sockets.test' } })
    await once(socket, 'open')
    const closed = once(socket, 'close').then(() => performance.now())

    const began = performance.now()
    await world.traffic.apply(routes('c/sockets', 2, [old.draining, next.active], { drainBudgetMs: 800 }))
    socket.send('still there')
    const [echo] = (await once(socket, 'message')) as [Buffer]
    expect(echo.toString()).toBe('still there')
    expect((await world.backend('c/sockets', 'old')).openWebSockets).toBe(1)

    expect((await closed) - began).toBeGreaterThanOrEqual(800)
    await until(async () => (await world.backend('c/sockets', 'old')).state === 'drained')
  })
}
