import { once } from 'node:events'
import { Agent } from 'node:http'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { get, send } from './test-client.ts'
import { freePort, startTestGateway, type TestGateway, waitUntil } from './test-gateway.ts'
import { portOf, startInstance, type TestInstance } from './test-instance.ts'

let gateway: TestGateway
let port: number
const instances: TestInstance[] = []
const instance = async (...args: Parameters<typeof startInstance>): Promise<TestInstance> => {
  const started = await startInstance(...args)
  instances.push(started)
  return started
}

beforeAll(async () => {
  gateway = await startTestGateway({
    'headers-timeout-ms': '1000',
    'body-idle-timeout-ms': '700',
    'connect-timeout-ms': '500',
    'access-log-max-bytes': '4096',
    'access-log-keep': '2',
  })
  port = gateway.port
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all(instances.map((started) => started.stop()))
})

test('an instance that refuses connections costs nothing while another accepts them, and is passed over', async () => {
  const dead = { id: 'dead', host: '127.0.0.1', port: await freePort(), state: 'active' as const }
  const alive = await instance('alive')
  await gateway.apply('p/retry', { backends: [dead, alive.active] })

  const replies = await Promise.all(
    Array.from({ length: 40 }, () =>
      send(port, { method: 'POST', body: 'x', headers: { host: 'retry.test' } }),
    ),
  )

  expect(replies.map((reply) => reply.body)).toEqual(Array.from({ length: 40 }, () => 'alive'))
  expect((await gateway.report('p/retry')).totals.failures).toBe(0)
})

test('the pages say which part failed: no route, nothing ready, refused, broken off, too slow', async () => {
  const dead = { id: 'dead', host: '127.0.0.1', port: await freePort(), state: 'active' as const }
  const breaking = await instance('breaking', (req) => req.socket.destroy())
  const silent = await instance('silent', () => undefined)
  await gateway.apply('p/none', { backends: [] })
  await gateway.apply('p/dead', { backends: [dead] })
  await gateway.apply('p/breaking', { backends: [breaking.active] })
  await gateway.apply('p/silent', { backends: [silent.active], requestTimeoutMs: 200 })

  const none = await get(port, 'none.test')
  expect(none).toMatchObject({
    status: 503,
    body: expect.stringContaining('No instance of the service is ready'),
  })
  expect(none.headers['retry-after']).toBe('1')
  expect(await get(port, 'dead.test')).toMatchObject({
    status: 502,
    body: expect.stringContaining('accepted'),
  })
  expect(await get(port, 'breaking.test')).toMatchObject({
    status: 502,
    body: expect.stringContaining('broke'),
  })
  expect(await get(port, 'silent.test')).toMatchObject({
    status: 504,
    body: expect.stringContaining('in time'),
  })
  expect((await gateway.report('p/breaking')).totals.failures).toBe(1)
})

test('an answer that breaks off halfway is never presented as whole', async () => {
  const half = await instance('half', (req, res) => {
    res.writeHead(200, { 'content-length': '100' })
    res.write('half', () => setImmediate(() => req.socket.destroy()))
  })
  await gateway.apply('p/half', { backends: [half.active] })

  await expect(get(port, 'half.test')).rejects.toThrow(/aborted|hang up|ECONNRESET/)
  await waitUntil(async () => (await gateway.backend('p/half', 'half')).failures === 1)
})

test('a request that meets a kept connection just closed by the instance is sent again if it is safe', async () => {
  // Answers the first request of each connection, and drops the connection as soon as a second one comes.
  const oneShot = createServer((socket) => {
    let requests = 0
    socket.on('error', () => undefined)
    socket.on('data', () => {
      requests += 1
      if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      else socket.resetAndDestroy()
    })
  }).listen(0, '127.0.0.1')
  await once(oneShot, 'listening')
  const backend = { id: 'one', host: '127.0.0.1', port: portOf(oneShot), state: 'active' as const }
  await gateway.apply('p/stale', { backends: [backend] })

  for (let i = 0; i < 30; i += 1) expect((await get(port, 'stale.test')).status).toBe(200)
  oneShot.close()
})

test('a POST is never sent twice to an instance that may have processed it', async () => {
  let posts = 0
  const crashing = await instance('crashing', (req) => {
    req.resume()
    req.on('end', () => {
      posts += 1
      req.socket.destroy()
    })
  })
  await gateway.apply('p/once', { backends: [crashing.active] })

  const sent = 10
  for (let i = 0; i < sent; i += 1) {
    expect((await send(port, { method: 'POST', body: 'pay', headers: { host: 'once.test' } })).status).toBe(
      502,
    )
  }
  expect(posts).toBe(sent)
})

test('a POST on a kept connection that dies unanswered is not sent again either', async () => {
  let posts = 0
  const second = await instance('second', (req, res) => {
    req.resume()
    req.on('end', () => {
      posts += 1
      if (req.url === '/die') req.socket.destroy()
      else res.end('ok')
    })
  })
  await gateway.apply('p/kept', { backends: [second.active] })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const post = (path: string) =>
    send(port, { method: 'POST', path, body: 'pay', agent, headers: { host: 'kept.test' } })

  expect((await post('/')).status).toBe(200)
  expect((await post('/die')).status).toBe(502)
  expect(posts).toBe(2)
  agent.destroy()
})

test('a GET whose instance dies over it is answered by another one; with no other the caller is told', async () => {
  const dying = await instance('dying', (req) => req.socket.destroy())
  const steady = await instance('steady')
  await gateway.apply('p/reading', { backends: [dying.active, steady.active] })
  const replies = await Promise.all(Array.from({ length: 20 }, () => get(port, 'reading.test')))
  expect(replies.map((reply) => reply.body)).toEqual(Array.from({ length: 20 }, () => 'steady'))
  expect((await gateway.report('p/reading')).totals.failures).toBe(0)

  await gateway.apply('p/reading', { backends: [dying.active] })
  expect(await get(port, 'reading.test')).toMatchObject({ status: 502 })
})
