import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { GatewayBackend } from '@fairway/contract/gateway'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort } from '../../lib/free-port.ts'
import { startInstance } from '../test-instance.ts'
import { filesOf } from './settings.ts'
import { get, until } from './test-clients.ts'
import { haproxyHere } from './test-haproxy.ts'
import { createWorld, routes } from './test-world.ts'

const world = createWorld()
afterEach(() => world.end())

describe.skipIf(!haproxyHere)('what HAProxy serves', () => {
  test('a TCP port is served on a port of the range, which it keeps, and counted', async () => {
    const from = await freePort()
    const { traffic } = await world.start({ tcpPorts: { from, to: from + 20 } })
    const echo = createServer((socket) => socket.pipe(socket))
    echo.listen(0, '127.0.0.1')
    await once(echo, 'listening')
    world.later(async () => void echo.close())
    const { port } = echo.address() as AddressInfo
    const backend: GatewayBackend = { id: 'db', host: '127.0.0.1', port, state: 'active' }
    const withTcp = (generation: number) =>
      routes('db', generation, [], { routes: [], tcp: [{ name: 'sql', backends: [backend] }] })
    await traffic.apply(withTcp(1))
    const [tcp] = (await traffic.report('p/db'))?.tcp ?? []
    expect(tcp?.listenPort).toBeGreaterThanOrEqual(from)

    const socket = connect(tcp?.listenPort ?? 0, '127.0.0.1')
    socket.write('hello')
    expect(String((await once(socket, 'data'))[0])).toBe('hello')
    expect((await traffic.report('p/db'))?.backends).toMatchObject([{ id: 'db', inFlight: 1 }])
    socket.end()
    await until(async () => (await traffic.report('p/db'))?.totals.requests === 1)
    await traffic.apply(withTcp(2))
    expect((await traffic.report('p/db'))?.tcp).toEqual([tcp])
  })

  test('a service grows from one instance to fifty and back without a reload', async () => {
    const { traffic, worker } = await world.start()
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => world.instance(`i${i}`)))
    await traffic.apply(routes('grow', 1, [all[0]!.active]))
    const pid = await worker()

    await traffic.apply(
      routes(
        'grow',
        2,
        all.map(({ active }) => active),
      ),
    )
    const bodies = new Set<string>()
    for (let i = 0; i < 200; i += 1)
      bodies.add((await get({ url: traffic.publicUrl(), host: 'grow.test' })).body)
    expect(bodies.size).toBe(50)

    await traffic.apply(routes('grow', 3, [all[7]!.active]))
    for (let i = 0; i < 20; i += 1)
      expect((await get({ url: traffic.publicUrl(), host: 'grow.test' })).body).toBe('i7')
    expect(await worker()).toBe(pid)
  })

  test('an instance that refuses connections costs no request while another one is there', async () => {
    const { traffic } = await world.start()
    const [dead, alive] = [await startInstance('dead'), await world.instance('alive')]
    await traffic.apply(routes('retry', 1, [dead.active, alive.active]))
    await dead.stop()

    for (let i = 0; i < 20; i += 1)
      expect((await get({ url: traffic.publicUrl(), host: 'retry.test' })).body).toBe('alive')
  })

  test('what the client claims of itself is replaced, and each request has an id', async () => {
    const { traffic, settings } = await world.start()
    const echo = await world.instance('echo', (req, res) => res.end(JSON.stringify(req.headers)))
    await traffic.apply(routes('headers', 1, [echo.active]))
    const url = `${traffic.publicUrl()}/path?token=secret`
    const spoofed = { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https', forwarded: 'for=6.6.6.6' }

    const { body } = await get({ url, host: 'headers.test', headers: { ...spoofed, 'x-real-ip': '6.6.6.6' } })
    expect(body).not.toContain('6.6.6.6')
    expect(JSON.parse(body)).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'headers.test',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    const own = await get({ url, host: 'headers.test', headers: { 'x-request-id': 'mine-1' } })
    expect(JSON.parse(own.body)).toMatchObject({ 'x-request-id': 'mine-1' })
    await until(async () => (await traffic.report('p/headers'))?.totals.requests === 2)
    const accessLog = await readFile(filesOf(settings).accessLog, 'utf8')
    expect(accessLog).toContain('GET headers.test mine-1 /path\n')
    expect(accessLog).not.toContain('secret')
  })

  test('limits hold: body size, requests a second and address, requests at once', async () => {
    const { traffic } = await world.start()
    const held: (() => void)[] = []
    const slow = await world.instance('slow', (_, res) => void held.push(() => res.end('slow')))
    await traffic.apply(routes('busy', 1, [slow.active], { limits: { maxConnections: 2 } }))
    const url = traffic.publicUrl()
    const under = [1, 2].map(() => get({ url, host: 'busy.test' }))
    await until(() => held.length === 2)
    expect((await get({ url, host: 'busy.test' })).status).toBe(503)
    for (const finish of held) finish()
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([200, 200])

    const one = await world.instance('one')
    await traffic.apply(
      routes('few', 1, [one.active], { limits: { requestsPerSecondPerIp: 3, bodyLimit: 10 } }),
    )
    const large = await get({ url, host: 'few.test', body: 'eleven bytes' })
    expect(large.status).toBe(413)
    const statuses: number[] = []
    for (let i = 0; i < 8; i += 1) statuses.push((await get({ url, host: 'few.test' })).status)
    expect(statuses).toContain(429)
  })

  test('a wildcard host serves what no exact host does, and the page says when nobody is ready', async () => {
    const { traffic } = await world.start()
    const [exact, wild, rest] = [
      await world.instance('exact'),
      await world.instance('wild'),
      await world.instance('rest'),
    ]
    await traffic.apply(
      routes('hosts', 1, [], {
        routes: [
          { hosts: ['a.site.test'], pathPrefix: '/only', backends: [exact.active] },
          { hosts: ['*.site.test'], pathPrefix: '/', backends: [wild.active] },
          { hosts: ['*'], pathPrefix: '/', backends: [rest.active] },
          { hosts: ['empty.test'], pathPrefix: '/', backends: [] },
        ],
      }),
    )
    const url = traffic.publicUrl()
    const ask = async (host: string, path: string) => (await get({ url: url + path, host })).body
    expect(await ask('a.site.test:8080', '/only/x')).toBe('exact')
    expect(await ask('A.site.test', '/')).toBe('wild')
    expect(await ask('b.site.test.', '/only')).toBe('wild')
    expect(await ask('other.test', '/')).toBe('rest')
    expect(await ask('empty.test', '/')).toContain('No instance of the service is ready')
  })
})
