import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { LoadReport } from './load-report.ts'
import { startLoad } from './start-load.ts'

let status = 200
const server = createServer((_, res) => res.writeHead(status).end('answer'))
const webSockets = new WebSocketServer({ server })
webSockets.on('headers', (headers) => headers.push('x-instance: one'))
let url = ''

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

async function until(
  load: { snapshot(): Promise<LoadReport> },
  holds: (report: LoadReport) => boolean,
): Promise<LoadReport> {
  const deadline = performance.now() + 15_000
  for (;;) {
    const report = await load.snapshot()
    if (holds(report)) return report
    if (performance.now() > deadline) throw new Error(`did not come true: ${JSON.stringify(report)}`)
    await delay(20)
  }
}

test('every answer outside 2xx is a failure with its reason, in the phase it came in', async () => {
  const load = startLoad({ url, path: '/', newConnectionsPerSecond: 100, keepAliveClients: 2 })
  await until(load, (report) => report.requests > 50)
  load.mark('during')
  status = 500
  await until(load, (report) => (report.phases.during?.failed ?? 0) > 20)
  status = 200
  load.mark('after')
  await until(load, (report) => (report.phases.after?.requests ?? 0) > 50)
  const report = await load.stop()

  expect(report.phases.before).toMatchObject({ failed: 0 })
  expect(report.failed).toBeGreaterThan(20)
  expect(report.failures).toHaveLength(10)
  expect(report.failures[0]).toMatch(/status 500: answer/)
  expect(report.requests).toBe(
    Object.values(report.phases).reduce((total, phase) => total + phase.requests, 0),
  )
  expect(report.latencyMs.p50).toBeGreaterThan(0)
  expect(report.latencyMs.p99).toBeGreaterThanOrEqual(report.latencyMs.p50)
})

test('a connection refused is a failure, and the gap lasts until somebody is answered', async () => {
  const load = startLoad({
    url: 'http://127.0.0.1:1',
    path: '/',
    newConnectionsPerSecond: 50,
    keepAliveClients: 0,
  })
  await until(load, (report) => report.failed > 5 && report.longestGapMs > 100)
  const report = await load.stop()

  expect(report.requests).toBe(report.failed)
  expect(report.failures[0]).toMatch(/ECONNREFUSED/)
})

test('a WebSocket closed with 1012 is opened again and is no failure; any other end is', async () => {
  const load = startLoad({
    url,
    path: '/',
    newConnectionsPerSecond: 0,
    keepAliveClients: 0,
    webSockets: { path: '/ws', count: 3 },
  })
  await until(load, (report) => report.webSockets.open === 3)
  load.drainBegan('one')
  for (const socket of webSockets.clients) socket.close(1012)
  const drained = await until(load, ({ webSockets: { restarted, open } }) => restarted === 3 && open === 3)
  expect(drained.webSockets).toMatchObject({ failed: 0, opened: 6, closesByCode: { 1012: 3 } })
  expect(drained.webSockets.closes[0]).toMatchObject({
    code: 1012,
    instance: 'one',
    sinceDrainMs: expect.any(Number),
  })

  for (const socket of webSockets.clients) socket.terminate()
  await until(load, ({ webSockets: { failed } }) => failed === 3)
  const report = await load.stop()
  expect(report.webSockets.closesByCode).toEqual({ 1006: 3, 1012: 3 })
  expect(report.failures[0]).toMatch(/1006/)
})

test('HTTP/2 clients count good answers, bad ones and broken ones, and go on after their connection ended', async () => {
  let answer = 200
  const sessions = new Set<{ close(): void }>()
  const http2 = createHttp2Server((_, res) => {
    res.statusCode = answer
    res.end('answer')
  })
  http2.on('session', (session) => sessions.add(session))
  http2.listen(0, '127.0.0.1')
  await once(http2, 'listening')
  const load = startLoad({
    url: `http://127.0.0.1:${(http2.address() as AddressInfo).port}`,
    path: '/',
    newConnectionsPerSecond: 0,
    keepAliveClients: 0,
    http2Clients: 2,
  })

  await until(load, (report) => report.requests > 20)
  for (const session of sessions) session.close()
  const before = (await load.snapshot()).requests
  await until(load, (report) => report.requests > before + 20)
  expect(sessions.size).toBeGreaterThan(2)
  answer = 503
  await until(load, (report) => report.failed > 5)
  const report = await load.stop()
  expect(report.failures.every((reason) => reason.includes('HTTP/2: status 503'))).toBe(true)
  http2.close()
})
