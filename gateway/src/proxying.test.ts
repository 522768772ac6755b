import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { get, openRaw, send, sendRaw } from './test-client.ts'
import { startTestGateway, type TestGateway, waitUntil } from './test-gateway.ts'
import { startInstance, type TestInstance } from './test-instance.ts'

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

test('a request reaches the service of its host and path, and says where it came from', async () => {
  const shop = await instance('shop')
  const api = await instance('api')
  await gateway.apply('p/routes', {
    routes: [
      { hosts: ['routes.test'], pathPrefix: '/', backends: [shop.active] },
      { hosts: ['routes.test'], pathPrefix: '/api', backends: [api.active] },
    ],
  })

  expect((await get(port, 'routes.test', '/apix?a=1')).body).toBe('shop')
  expect((await get(port, 'ROUTES.test:80', '/api/x')).body).toBe('api')
  expect((await get(port, 'unknown.test')).status).toBe(404)
  expect(shop.seen[0]?.url).toBe('/apix?a=1')
  expect(shop.seen[0]?.headers).toMatchObject({
    host: 'routes.test',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'routes.test',
    'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
})

test('bodies stream both ways, chunk by chunk, without being collected', async () => {
  const echo = await instance('echo', (req, res) => {
    res.writeHead(200)
    req.pipe(res)
  })
  await gateway.apply('p/stream', { backends: [echo.active] })
  const req = request({ port, method: 'POST', agent: false, headers: { host: 'stream.test' } })
  const answered = once(req, 'response')

  req.write('one')
  const [res] = await answered
  const chunks = res[Symbol.asyncIterator]()
  expect((await chunks.next()).value.toString()).toBe('one')
  req.write('two')
  expect((await chunks.next()).value.toString()).toBe('two')
  req.end()
  expect((await chunks.next()).done).toBe(true)
})

test('a reader that stops reading stops the instance, and gets everything when it goes on', async () => {
  const size = 64 * 1024 * 1024
  let written = 0
  const big = await instance('big', (_, res) => {
    res.writeHead(200, { 'content-length': size })
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const more = (): void => {
      while (written < size) {
        written += chunk.length
        if (!res.write(chunk)) return void res.once('drain', more)
      }
      res.end()
    }
    more()
  })
  await gateway.apply('p/big', { backends: [big.active] })
  const socket = await openRaw(port)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: big.test\r\nConnection: close\r\n\r\n')
  let before = -1
  await waitUntil(async () => {
    const still = written === before && written > 0
    before = written
    await delay(100)
    return still
  })

  expect(written).toBeLessThan(size / 2)
  let received = 0
  socket.on('data', (chunk) => {
    received += chunk.length
  })
  socket.resume()
  await once(socket, 'close')
  expect(received).toBeGreaterThanOrEqual(size)
})

test('a body waits for the 100 Continue of the instance, and is not sent when it refuses', async () => {
  const careful = await instance('careful')
  careful.server.on('checkContinue', (req, res) => {
    if (req.url === '/refuse') return void res.writeHead(413).end('too much')
    res.writeContinue()
    req.pipe(res)
  })
  await gateway.apply('p/expect', { backends: [careful.active] })
  const ask = (path: string) =>
    request({
      port,
      path,
      method: 'POST',
      agent: false,
      headers: { host: 'expect.test', expect: '100-continue', 'content-length': '4' },
    })

  const accepted = ask('/')
  accepted.flushHeaders()
  await once(accepted, 'continue')
  accepted.end('body')
  const [res] = await once(accepted, 'response')
  expect((await res.toArray()).join('')).toBe('body')

  const refused = ask('/refuse')
  refused.flushHeaders()
  const [refusal] = await once(refused, 'response')
  expect(refusal.statusCode).toBe(413)
  expect(refusal.headers.connection).toBe('close')
  refused.destroy()
})

test('HEAD, 204, 304, doubled headers and trailers pass unchanged', async () => {
  const various = await instance('various', (req, res) => {
    if (req.url === '/204') return void res.writeHead(204).end()
    if (req.url === '/304') return void res.writeHead(304, { etag: '"1"' }).end()
    if (req.url === '/trailers') {
      res.writeHead(200, { trailer: 'X-Sum' })
      res.write('body')
      res.addTrailers({ 'X-Sum': '42' })
      return void res.end()
    }
    res.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Length', '5']).end('hello')
  })
  await gateway.apply('p/various', { backends: [various.active] })

  const head = await send(port, { method: 'HEAD', headers: { host: 'various.test' } })
  expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '5' } })
  expect(head.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  expect((await get(port, 'various.test', '/204')).status).toBe(204)
  expect((await get(port, 'various.test', '/304')).headers.etag).toBe('"1"')
  expect((await get(port, 'various.test', '/trailers')).trailers).toEqual({ 'x-sum': '42' })
})

test('a client keeps its connection while requests go to several instances, least loaded first', async () => {
  const busy = await instance('busy', (req, res) => {
    if (req.url === '/hold') return
    res.end('busy')
  })
  const free = await instance('free')
  await gateway.apply('p/least', { backends: [busy.active] })
  const held = request({ port, path: '/hold', agent: false, headers: { host: 'least.test' } }).on(
    'error',
    () => undefined,
  )
  held.end()
  await waitUntil(() => busy.seen.length === 1)
  await gateway.apply('p/least', { backends: [busy.active, free.active] })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })

  const bodies = new Set<string>()
  // Another worker knows nothing of the held request, so only one connection is judged: that worker's.
  for (let i = 0; i < 20; i += 1) bodies.add((await get(port, 'least.test', '/', { agent })).body)

  expect(bodies.has('free')).toBe(true)
  agent.destroy()
  held.destroy()
})

test('a client that leaves ends its request at the instance', async () => {
  let ended = false
  const slow = await instance('slow', (_, res) => {
    res.on('close', () => {
      ended = true
    })
  })
  await gateway.apply('p/leave', { backends: [slow.active] })
  const req = request({ port, agent: false, headers: { host: 'leave.test' } }).on('error', () => undefined)
  req.end()
  await waitUntil(() => slow.seen.length === 1)

  req.destroy()

  await waitUntil(() => ended)
  await waitUntil(async () => (await gateway.backend('p/leave', 'slow')).inFlight === 0)
})

test('a WebSocket carries messages of any size both ways, and an instance may decline it', async () => {
  const chat = await instance('chat')
  await gateway.apply('p/chat', { backends: [chat.active] })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host: 'chat.test' } })
  await once(socket, 'open')

  for (const size of [0, 10, 200, 70_000, 3_000_000]) {
    const message = Buffer.alloc(size, 'm')
    socket.send(message)
    const [echoed] = await once(socket, 'message')
    expect(message.equals(echoed)).toBe(true)
  }
  expect((await gateway.backend('p/chat', 'chat')).openWebSockets).toBe(1)
  socket.close(1000)
  await waitUntil(() => chat.webSocketCloses.length === 1)
  expect(chat.webSocketCloses).toEqual([1000])
  await waitUntil(async () => (await gateway.backend('p/chat', 'chat')).openWebSockets === 0)

  const declines = await instance('declines')
  declines.server.removeAllListeners('upgrade')
  await gateway.apply('p/declines', { backends: [declines.active] })
  const refused = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host: 'declines.test' } })
  const [, response] = await once(refused, 'unexpected-response')
  expect(response.statusCode).toBe(200)
  refused.on('error', () => undefined).terminate()
})

test('an HTTP/1.0 client gets an answer without chunks', async () => {
  const old = await instance('old', (_, res) => {
    res.write('a')
    res.end('b')
  })
  await gateway.apply('p/old', { backends: [old.active] })

  const answer = await sendRaw(port, 'GET / HTTP/1.0\r\nHost: old.test\r\n\r\n')

  expect(answer).toMatch(/\r\n\r\nab$/)
  expect(answer).not.toMatch(/transfer-encoding/i)
})
