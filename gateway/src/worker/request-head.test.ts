import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ForwardedHead, forwardHead, responseHeaders } from './request-head.ts'

const rules = { trustForwarded: false, newRequestId: () => 'new-id' }
const incoming = (rawHeaders: string[], more: { method?: string; url?: string } = {}) => ({
  method: 'GET',
  url: '/',
  remoteAddress: '10.0.0.9',
  rawHeaders,
  ...more,
})
const forward = (rawHeaders: string[], more = {}): ForwardedHead => {
  const head = forwardHead(incoming(['Host', 'shop.test', ...rawHeaders], more), rules)
  if ('status' in head) throw new Error(head.reason)
  return head
}
const valuesOf = (headers: readonly string[], name: string): string[] =>
  headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name)

test('headers of one hop, and those that Connection names, are not passed on', () => {
  const { headers } = forward([
    ...['Connection', 'keep-alive, X-Private', 'X-Private', '1', 'Keep-Alive', 'timeout=5', 'X-Public', '2'],
    ...['Proxy-Authorization', 'secret', 'TE', 'gzip', 'Upgrade', 'h2c', 'constructor', '3'],
  ])

  for (const name of ['connection', 'x-private', 'keep-alive', 'proxy-authorization', 'te', 'upgrade']) {
    expect(valuesOf(headers, name)).toEqual([])
  }
  expect(valuesOf(headers, 'x-public')).toEqual(['2'])
  expect(valuesOf(headers, 'constructor')).toEqual(['3'])
})

test('a caller cannot pretend where a request came from', () => {
  const { headers } = forward([
    'X-Forwarded-For',
    '1.2.3.4',
    'X-Forwarded-Proto',
    'https',
    'Forwarded',
    'for=1.2.3.4',
  ])

  expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['10.0.0.9'])
  expect(valuesOf(headers, 'x-forwarded-proto')).toEqual(['http'])
  expect(valuesOf(headers, 'x-forwarded-host')).toEqual(['shop.test'])
  expect(valuesOf(headers, 'forwarded')).toEqual([])
})

test('behind a trusted proxy the chain grows and the outer protocol stays', () => {
  const head = forwardHead(
    incoming([
      'Host',
      'in.test',
      'X-Forwarded-For',
      '1.2.3.4',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'shop',
    ]),
    { ...rules, trustForwarded: true },
  ) as ForwardedHead

  expect(valuesOf(head.headers, 'x-forwarded-for')).toEqual(['1.2.3.4, 10.0.0.9'])
  expect(valuesOf(head.headers, 'x-forwarded-proto')).toEqual(['https'])
  expect(valuesOf(head.headers, 'x-forwarded-host')).toEqual(['shop'])
})

test('a sound request id is kept, any other is replaced', () => {
  expect(forward(['X-Request-Id', 'abc-1']).requestId).toBe('abc-1')
  expect(forward(['X-Request-Id', 'a b"c']).requestId).toBe('new-id')
  expect(forward([]).requestId).toBe('new-id')
})

test.each([
  ['no host', []],
  ['two hosts', ['Host', 'a.test', 'Host', 'b.test']],
  ['an empty host', ['Host', '']],
  ['a host with a path', ['Host', 'a.test/x']],
  ['a host with a user', ['Host', 'u@a.test']],
  ['a host with a space', ['Host', 'a test']],
  ['a host with a bad port', ['Host', 'a.test:port']],
])('a request with %s is refused', (_, rawHeaders) => {
  expect(forwardHead(incoming(rawHeaders), rules)).toMatchObject({ status: 400 })
})

test('hosts are compared without port, case and last dot', () => {
  for (const host of ['SHOP.test', 'shop.test:8080', 'shop.test.']) {
    expect(forwardHead(incoming(['Host', host]), rules)).toMatchObject({ host: 'shop.test' })
  }
  expect(forwardHead(incoming(['Host', '[::1]:80']), rules)).toMatchObject({ host: '[::1]' })
})

test('an absolute request target decides the host, and is sent on in origin form', () => {
  expect(forward([], { url: 'http://other.test/a?b' })).toMatchObject({
    host: 'other.test',
    target: '/a?b',
    path: '/a',
  })
  expect(forward([], { url: 'http://other.test?b' })).toMatchObject({ target: '/?b', path: '/' })
  expect(forwardHead(incoming(['Host', 'a'], { url: 'ftp://x/' }), rules)).toMatchObject({ status: 400 })
})

test('only a request without body and with an idempotent method may be sent twice', () => {
  expect(forward([], { method: 'GET' }).repeatable).toBe(true)
  expect(forward([], { method: 'DELETE' }).repeatable).toBe(true)
  expect(forward([], { method: 'POST' }).repeatable).toBe(false)
  expect(forward(['Content-Length', '3'], { method: 'PUT' }).repeatable).toBe(false)
  expect(forward(['Transfer-Encoding', 'chunked'], { method: 'GET' }).repeatable).toBe(false)
})

test('codings other than chunked are refused', () => {
  const head = incoming(['Host', 'a.test', 'Transfer-Encoding', 'gzip, chunked'])
  expect(forwardHead(head, rules)).toMatchObject({ status: 501 })
})

test('whatever comes, exactly one Host and at most one framing header go on', () => {
  const name = fc.constantFrom(
    'Connection',
    'X-A',
    'Upgrade',
    'TE',
    'Content-Length',
    'Transfer-Encoding',
    'Cookie',
    '__proto__',
  )
  const value = fc.constantFrom('chunked', '5', 'x-a', 'close', 'trailers', '')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, value)),
      fc.constantFrom('GET', 'POST', 'HEAD'),
      (headers, method) => {
        const head = forwardHead(incoming(['Host', 'a.test', ...headers.flat()], { method }), rules)
        if ('status' in head) return
        const framing = [
          ...valuesOf(head.headers, 'content-length'),
          ...valuesOf(head.headers, 'transfer-encoding'),
        ]
        expect(valuesOf(head.headers, 'host')).toEqual(['a.test'])
        expect(framing.length).toBeLessThanOrEqual(1)
        expect(valuesOf(head.headers, 'connection')).toEqual([])
      },
    ),
  )
})

test('an answer keeps doubled headers and loses those of the hop', () => {
  const raw = [
    'Set-Cookie',
    'a',
    'Set-Cookie',
    'b',
    'Connection',
    'close, x-hop',
    'X-Hop',
    '1',
    'Transfer-Encoding',
    'chunked',
  ]
  expect(responseHeaders(raw)).toEqual(['Set-Cookie', 'a', 'Set-Cookie', 'b'])
})
