import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { get, send } from './test-client.ts'
import { startTestGateway, type TestGateway, waitUntil } from './test-gateway.ts'
import { startInstance, type TestInstance } from './test-instance.ts'

let gateway: TestGateway
const instances: TestInstance[] = []
const instance = async (...args: Parameters<typeof startInstance>): Promise<TestInstance> => {
  const started = await startInstance(...args)
  instances.push(started)
  return started
}

beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all(instances.map((started) => started.stop()))
})

test('2,000 requests over new and kept connections survive 50 swaps of the instance', async () => {
  let current = await instance('v0')
  await gateway.apply('p/swap', { backends: [current.active] })
  const wanted = 2_000
  let sent = 0
  let swapping = true
  const bad: string[] = []
  const client = async (agent: Agent | false, method: string): Promise<void> => {
    while (swapping || sent < wanted) {
      sent += 1
      const more = method === 'GET' ? {} : { body: 'x'.repeat(1000) }
      const reply = await send(gateway.port, {
        method,
        agent,
        headers: { host: 'swap.test' },
        ...more,
      }).catch((error: Error) => ({ status: error.message }))
      if (reply.status !== 200) bad.push(String(reply.status))
    }
  }
  const kept = Array.from({ length: 6 }, (_, i) =>
    client(new Agent({ keepAlive: true, maxSockets: 1 }), i % 3 === 0 ? 'POST' : 'GET'),
  )
  const fresh = Array.from({ length: 3 }, () => client(false, 'GET'))

  for (let version = 1; version <= 50; version += 1) {
    const old = current
    current = await instance(`v${version}`)
    await gateway.apply('p/swap', { backends: [current.active, old.active] })
    await gateway.apply('p/swap', { backends: [current.active, old.draining] })
    await waitUntil(async () => (await gateway.backend('p/swap', old.id)).state === 'drained')
    instances.splice(instances.indexOf(old), 1)
    await old.stop()
  }
  swapping = false
  await Promise.all([...kept, ...fresh])

  expect(bad).toEqual([])
  expect(sent).toBeGreaterThanOrEqual(wanted)
  expect((await gateway.report('p/swap')).totals).toMatchObject({ failures: 0 })
})

test('from the acknowledgement on a draining instance gets nothing new, and its idle connections are closed', async () => {
  const old = await instance('old')
  const next = await instance('next')
  await gateway.apply('p/ack', { backends: [old.active] })
  const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  const all = () => Promise.all(agents.map((agent) => get(gateway.port, 'ack.test', '/', { agent })))
  await all()
  const before = old.seen.length

  await gateway.apply('p/ack', { backends: [old.draining, next.active] })
  const replies = await all()

  expect(new Set(replies.map((reply) => reply.body))).toEqual(new Set(['next']))
  expect(old.seen).toHaveLength(before)
  // Much sooner than an idle connection would end by itself.
  await waitUntil(() => old.sockets.size === 0, 1_000)
  expect(await gateway.backend('p/ack', 'old')).toMatchObject({ state: 'drained', inFlight: 0, requests: 8 })
  for (const agent of agents) agent.destroy()
})

test('a request under way finishes within the budget; one that does not is cut, and counted', async () => {
  const finish: (() => void)[] = []
  const old = await instance('old', (_, res) => void finish.push(() => res.end('done')))
  const next = await instance('next')
  await gateway.apply('p/budget', { backends: [old.active] })
  const quick = get(gateway.port, 'budget.test')
  const endless = get(gateway.port, 'budget.test')
  await waitUntil(() => finish.length === 2)

  await gateway.apply('p/budget', { backends: [old.draining, next.active], drainBudgetMs: 600 })
  expect(await gateway.backend('p/budget', 'old')).toMatchObject({ state: 'draining', inFlight: 2 })
  finish[0]?.()
  const first = await Promise.race([quick, endless])
  expect(first.body).toBe('done')
  const rest = (await Promise.all([quick, endless])).map((reply) => reply.status).sort()

  expect(rest).toEqual([200, 503])
  expect(await gateway.backend('p/budget', 'old')).toMatchObject({ state: 'drained', cut: 1, failures: 1 })
})

test('20 WebSockets live through the drain budget, then each gets 1012 after the message it was in', async () => {
  const budget = 1_000
  const old = await instance('old')
  const next = await instance('next')
  await gateway.apply('p/sockets', { backends: [old.active] })
  const sockets = Array.from(
    { length: 20 },
    () => new WebSocket(`ws://127.0.0.1:${gateway.port}/`, { headers: { host: 'sockets.test' } }),
  )
  await Promise.all(sockets.map((socket) => once(socket, 'open')))
  const closes = sockets.map(async (socket) => {
    const [code] = await once(socket, 'close')
    return { code, at: performance.now() }
  })
  let echoes = 0
  const broken: string[] = []
  for (const socket of sockets) {
    socket.on('message', () => {
      echoes += 1
    })
    socket.on('error', (error) => broken.push(error.message))
  }
  const chatter = setInterval(() => {
    for (const socket of sockets) if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.alloc(300_000))
  }, 100)

  const began = performance.now()
  await gateway.apply('p/sockets', { backends: [old.draining, next.active], drainBudgetMs: budget })
  const ended = await Promise.all(closes)
  clearInterval(chatter)

  expect(ended.map(({ code }) => code)).toEqual(Array.from({ length: 20 }, () => 1012))
  expect(Math.min(...ended.map(({ at }) => at - began))).toBeGreaterThanOrEqual(budget)
  expect(Math.max(...ended.map(({ at }) => at - began))).toBeLessThan(budget + 3_000)
  expect(echoes).toBeGreaterThan(20)
  expect(broken).toEqual([])
  await waitUntil(() => old.webSocketCloses.length === 20)
  expect(new Set(old.webSocketCloses)).toEqual(new Set([1001]))
  await waitUntil(async () => (await gateway.backend('p/sockets', 'old')).state === 'drained')
  expect(await gateway.backend('p/sockets', 'old')).toMatchObject({ cut: 20, failures: 0 })
})

test('a draining instance that becomes active again is used again and not cut', async () => {
  const finish: (() => void)[] = []
  const back = await instance('back', (_, res) => void finish.push(() => res.end('done')))
  await gateway.apply('p/back', { backends: [back.active] })
  const first = get(gateway.port, 'back.test')
  await waitUntil(() => finish.length === 1)
  await gateway.apply('p/back', { backends: [back.draining], drainBudgetMs: 300 })
  expect((await get(gateway.port, 'back.test')).status).toBe(503)

  await gateway.apply('p/back', { backends: [back.active], drainBudgetMs: 300 })
  const later = get(gateway.port, 'back.test')
  await waitUntil(() => finish.length === 2)
  await new Promise((resolve) => setTimeout(resolve, 400))
  for (const end of finish) end()

  expect((await Promise.all([first, later])).map((reply) => reply.status)).toEqual([200, 200])
})

test('a removed service answers 404 at once, and what was under way finishes', async () => {
  const finish: (() => void)[] = []
  const gone = await instance('gone', (_, res) => void finish.push(() => res.end('done')))
  await gateway.apply('p/gone', { backends: [gone.active] })
  const underWay = get(gateway.port, 'gone.test')
  await waitUntil(() => finish.length === 1)

  expect((await gateway.control('DELETE', '/services/p/gone')).status).toBe(200)

  expect((await get(gateway.port, 'gone.test')).status).toBe(404)
  expect((await gateway.control('GET', '/services/p/gone')).status).toBe(404)
  finish[0]?.()
  expect((await underWay).body).toBe('done')
})

test('the longest gap is the time requests waited without a success, not the time nobody asked', async () => {
  const gap = await instance('gap', (req, res) => {
    if (req.url === '/fail') req.socket.destroy()
    else res.end('ok')
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (path: string) => get(gateway.port, 'gap.test', path, { agent })
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  await gateway.apply('p/gap', { backends: [gap.active] })

  await ask('/')
  await wait(700)
  await ask('/')
  expect((await gateway.report('p/gap')).totals.longestGapMs).toBeLessThan(500)
  await ask('/fail')
  await wait(700)
  await ask('/')
  expect((await gateway.report('p/gap')).totals.longestGapMs).toBeGreaterThanOrEqual(690)
  agent.destroy()
})

test('a client that waits while its instance is cut can tell by 503 and Retry-After', async () => {
  const silent = await instance('silent', () => undefined)
  await gateway.apply('p/cut', { backends: [silent.active] })
  const waiting = request({ port: gateway.port, agent: false, headers: { host: 'cut.test' } })
  waiting.end()
  await waitUntil(() => silent.seen.length === 1)

  await gateway.apply('p/cut', { backends: [silent.draining], drainBudgetMs: 0 })

  const [res] = await once(waiting, 'response')
  expect(res.statusCode).toBe(503)
  expect(res.headers['retry-after']).toBe('1')
  res.resume()
})
