import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { request as requestHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import type { GatewayBackend } from '@fairway/contract/gateway'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort } from '../../lib/free-port.ts'
import { filesOf } from './settings.ts'
import { get } from './test-clients.ts'
import { haproxyHere } from './test-haproxy.ts'
import { createWorld, routes } from './test-world.ts'

const world = createWorld()
afterEach(() => world.end())

async function certificate(name: string, ...hosts: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-cert-'))
  const at = (file: string) => join(folder, file)
  const names = hosts.map((host) => `DNS:${host}`).join(',')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key')]
  const args = ['req', '-x509', ...key, '-out', at('crt'), '-subj', `/CN=${name}`, '-days', '2']
  execFileSync('openssl', [...args, '-addext', `subjectAltName=${names}`], { stdio: 'ignore' })
  const pem = (await readFile(at('crt'), 'utf8')) + (await readFile(at('key'), 'utf8'))
  await rm(folder, { recursive: true })
  return { name, hosts, pem }
}

type Answer = { status: number; body: string; commonName: string }

function getHttps(port: number, host: string, path = '/'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      path,
      servername: host,
      headers: { host },
      rejectUnauthorized: false,
      agent: false,
    }
    const req = requestHttps({ host: '127.0.0.1', ...options }, (res) => {
      const commonName = String((res.socket as TLSSocket).getPeerCertificate().subject.CN)
      let body = ''
      res.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body, commonName }))
    })
    req.on('error', reject)
    req.end()
  })
}

describe.skipIf(!haproxyHere)('TLS at HAProxy', () => {
  test('each host gets its certificate; a renewed, added or removed one needs no reload', async () => {
    const httpsPort = await freePort()
    const { traffic, settings, worker } = await world.start({ httpsPort })
    const one = await world.instance('one')
    const hosts = ['a.test', 'b.test', 'x.c.test']
    await traffic.apply(
      routes('tls', 1, [], { routes: [{ hosts, pathPrefix: '/', backends: [one.active] }] }),
    )
    const pid = await worker()
    const [a, b] = [await certificate('a', 'a.test'), await certificate('b', 'b.test')]

    await traffic.tls?.apply({ certificates: [a, b] })
    expect((await getHttps(httpsPort, 'a.test')).commonName).toBe('a')
    expect(await getHttps(httpsPort, 'b.test')).toEqual({ status: 200, body: 'one', commonName: 'b' })

    const renewed = { ...(await certificate('a-renewed', 'a.test')), name: 'a' }
    const wild = await certificate('c', '*.c.test')
    await traffic.tls?.apply({ certificates: [renewed, wild] })
    expect((await getHttps(httpsPort, 'a.test')).commonName).toBe('a-renewed')
    expect((await getHttps(httpsPort, 'x.c.test')).commonName).toBe('c')
    await expect(getHttps(httpsPort, 'b.test')).rejects.toThrow()
    expect(await worker()).toBe(pid)

    await traffic.apply(routes('reload', 1, []))
    expect((await getHttps(httpsPort, 'a.test')).commonName).toBe('a-renewed')
    const files = filesOf(settings)
    const [, name = ''] = /certificates\/(\S+\.pem)/.exec(await readFile(files.certificateList, 'utf8')) ?? []
    expect((await stat(join(files.certificates, name))).mode & 0o777).toBe(0o600)
  })

  test('a certificate with the key of another one is refused, and the ones before stay', async () => {
    const httpsPort = await freePort()
    const { traffic } = await world.start({ httpsPort })
    const [a, b] = [await certificate('a', 'a.test'), await certificate('b', 'b.test')]
    await traffic.tls?.apply({ certificates: [a] })
    const mixed = a.pem.replace(/-----BEGIN PRIVATE[\s\S]*/, b.pem.slice(b.pem.indexOf('-----BEGIN PRIVATE')))

    await expect(traffic.tls?.apply({ certificates: [{ ...a, pem: mixed }] })).rejects.toMatchObject({
      code: 'certificate_failed',
    })
    expect((await getHttps(httpsPort, 'a.test')).commonName).toBe('a')
  })

  test('challenges go to their answerer while other plain requests are sent on to https', async () => {
    const { traffic, worker } = await world.start({ httpsPort: await freePort() })
    const [one, answerer] = [await world.instance('one'), await world.instance('answer')]
    await traffic.apply(routes('web', 1, [one.active]))
    await traffic.tls?.apply({ certificates: [], redirectHosts: ['web.test'] })
    const pid = await worker()
    await traffic.tls?.apply({ certificates: [], redirectHosts: ['web.test'], challenge: answerer.active })

    const url = traffic.publicUrl()
    const challenge = await get({ url: `${url}/.well-known/acme-challenge/x`, host: 'web.test' })
    expect(challenge.body).toBe('answer')
    const redirect = await get({ url: `${url}/path?q=1`, host: 'web.test' })
    expect([redirect.status, redirect.headers.location]).toEqual([308, 'https://web.test/path?q=1'])
    expect(await worker()).toBe(pid)
  })

  test('HTTP/2 is agreed on over TLS, spoken to instances that want it, and trailers come through', async () => {
    const httpsPort = await freePort()
    const { traffic } = await world.start({ httpsPort })
    const server = createHttp2Server()
    server.on('stream', (stream, headers) => {
      stream.respond(
        { ':status': 200, 'content-type': String(headers['content-type']) },
        { waitForTrailers: true },
      )
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.pipe(stream)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    world.later(async () => void server.close())
    const { port } = server.address() as AddressInfo
    const grpc: GatewayBackend = { id: 'grpc', host: '127.0.0.1', port, state: 'active' }
    await traffic.apply(
      routes('grpc', 1, [], {
        routes: [{ hosts: ['grpc.test'], pathPrefix: '/', protocol: 'HTTP/2', backends: [grpc] }],
      }),
    )
    await traffic.tls?.apply({ certificates: [await certificate('grpc', 'grpc.test')] })

    const plain = connectHttp2(traffic.publicUrl())
    const secure = connectHttp2(`https://127.0.0.1:${httpsPort}`, {
      servername: 'grpc.test',
      rejectUnauthorized: false,
    })
    for (const session of [plain, secure]) {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/shop.Cart/Add',
        ':authority': 'grpc.test',
        'content-type': 'application/grpc',
        te: 'trailers',
      })
      const trailers = once(stream, 'trailers')
      stream.end('message')
      let body = ''
      for await (const chunk of stream) body += String(chunk)
      expect(body).toBe('message')
      expect((await trailers)[0]).toMatchObject({ 'grpc-status': '0' })
      session.close()
    }
    expect(secure.alpnProtocol).toBe('h2')
  })
})
