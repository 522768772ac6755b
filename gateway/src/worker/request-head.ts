/**
 * Reads a request head as it came and makes the one that goes to the instance. Pure.
 *
 * node's parser has already refused what is malformed: a length beside a transfer coding, two lengths, bare line
 * ends, bytes that do not belong in a header. What is left to refuse here: hosts and codings.
 */
import { type Refusal, refusals } from './error-page.ts'

export type IncomingHead = {
  method: string
  url: string
  rawHeaders: readonly string[]
  remoteAddress: string
}

export type ForwardedHead = {
  host: string
  /** Without query, for routing. */
  path: string
  /** As it is sent on: path and query. */
  target: string
  /** Name, value, name, value. */
  headers: string[]
  requestId: string
  hasBody: boolean
  /** May be sent a second time when it is unknown whether the first arrived: idempotent and without body. */
  repeatable: boolean
  upgrade: string | undefined
}

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9._])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i
const requestIdPattern = /^[\w.:+/=-]{1,128}$/
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

/** Never passed on: they speak of one connection only, or the gateway writes them itself. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'host',
  'http2-settings',
])
const forwarded = new Set(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'])

type Found = {
  kept: string[]
  hosts: string[]
  connection: string
  coding: string | undefined
  length: string | undefined
  upgrade: string | undefined
  requestId: string | undefined
  forwardedFor: string | undefined
  forwardedProto: string | undefined
  forwardedHost: string | undefined
}

export type HeadRules = { trustForwarded: boolean; newRequestId: () => string }

export function forwardHead(incoming: IncomingHead, rules: HeadRules): ForwardedHead | Refusal {
  const found = sortHeaders(incoming.rawHeaders)
  const address = readTarget(incoming.url, found.hosts)
  if ('status' in address) return address
  if (found.coding !== undefined && found.coding.toLowerCase() !== 'chunked') return refusals.badCoding
  const requestId =
    found.requestId !== undefined && requestIdPattern.test(found.requestId)
      ? found.requestId
      : rules.newRequestId()
  const hasBody = found.coding !== undefined || (found.length !== undefined && found.length !== '0')
  const headers = ['Host', address.authority, ...withoutNominated(found)]
  addFraming(headers, found, incoming.method)
  addForwarding(headers, found, {
    rules,
    remoteAddress: incoming.remoteAddress,
    authority: address.authority,
  })
  headers.push('X-Request-Id', requestId)
  return {
    host: hostOf(address.authority),
    path: pathOf(address.target),
    target: address.target,
    headers,
    requestId,
    hasBody,
    repeatable: !hasBody && idempotent.has(incoming.method),
    upgrade: found.upgrade,
  }
}

function sortHeaders(raw: readonly string[]): Found {
  const found: Found = {
    kept: [],
    hosts: [],
    connection: '',
    coding: undefined,
    length: undefined,
    upgrade: undefined,
    requestId: undefined,
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
  }
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    const read = readers[name.toLowerCase()]
    if (read === undefined) found.kept.push(name, value)
    else read(found, value)
  }
  return found
}

const ignore = (): void => undefined
/** What becomes of each header that is not simply passed on. */
const readers: Record<string, (found: Found, value: string) => void> = {
  // A prototype-less table: a header may be called "constructor".
  __proto__: null as never,
  ...Object.fromEntries([...hopByHop, ...forwarded].map((name) => [name, ignore])),
  host: (found, value) => found.hosts.push(value),
  connection: (found, value) => {
    found.connection += `${value},`
  },
  te: (found, value) => {
    if (/(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)) found.kept.push('TE', 'trailers')
  },
  'transfer-encoding': (found, value) => {
    found.coding = found.coding === undefined ? value : `${found.coding}, ${value}`
  },
  'content-length': (found, value) => {
    found.length = value
  },
  upgrade: (found, value) => {
    found.upgrade = value
  },
  'x-request-id': (found, value) => {
    found.requestId = value
  },
  'x-forwarded-for': (found, value) => {
    found.forwardedFor = found.forwardedFor === undefined ? value : `${found.forwardedFor}, ${value}`
  },
  'x-forwarded-proto': (found, value) => {
    found.forwardedProto = value
  },
  'x-forwarded-host': (found, value) => {
    found.forwardedHost = value
  },
}

/** The host is the one of an absolute request target, else that of the one Host header. */
function readTarget(url: string, hosts: readonly string[]): { authority: string; target: string } | Refusal {
  const [host] = hosts
  if (hosts.length > 1) return refusals.badHost
  if (url.startsWith('/') || url === '*') return checked(host, url)
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url)
  if (absolute === null) return refusals.badRequest
  const rest = absolute[2] ?? ''
  return checked(absolute[1], rest.startsWith('/') ? rest : `/${rest}`)
}

function checked(
  authority: string | undefined,
  target: string,
): { authority: string; target: string } | Refusal {
  if (authority === undefined || !hostPattern.test(authority)) return refusals.badHost
  return { authority, target }
}

function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(':')
  const bare = colon > authority.lastIndexOf(']') ? authority.slice(0, colon) : authority
  return (bare.endsWith('.') ? bare.slice(0, -1) : bare).toLowerCase()
}

function pathOf(target: string): string {
  const query = target.search(/[?#]/)
  return query === -1 ? target : target.slice(0, query)
}

/** Drops the headers that `Connection` declares to belong to this hop. */
function withoutNominated(found: Found): string[] {
  const nominated = nominatedBy(found.connection)
  if (nominated.length === 0) return found.kept
  return found.kept.filter((_, i) => !nominated.includes((found.kept[i - (i % 2)] ?? '').toLowerCase()))
}

function nominatedBy(connection: string): string[] {
  const plain = /^(?:keep-alive|close|upgrade|te|,|\s)*$/i
  return plain.test(connection) ? [] : connection.split(',').map((name) => name.trim().toLowerCase())
}

function addFraming(headers: string[], found: Found, method: string): void {
  if (found.coding !== undefined) headers.push('Transfer-Encoding', 'chunked')
  else if (found.length !== undefined) headers.push('Content-Length', found.length)
  else if (method === 'POST' || method === 'PUT' || method === 'PATCH') headers.push('Content-Length', '0')
}

type Origin = { rules: HeadRules; remoteAddress: string; authority: string }

function addForwarding(headers: string[], found: Found, origin: Origin): void {
  const trusted = origin.rules.trustForwarded
  const before = trusted && found.forwardedFor !== undefined ? `${found.forwardedFor}, ` : ''
  headers.push('X-Forwarded-For', before + origin.remoteAddress)
  headers.push('X-Forwarded-Proto', (trusted ? found.forwardedProto : undefined) ?? 'http')
  headers.push('X-Forwarded-Host', (trusted ? found.forwardedHost : undefined) ?? origin.authority)
}

const responseHopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** The headers of an answer as they go on to the client. */
export function responseHeaders(raw: readonly string[]): string[] {
  const kept: string[] = []
  let connection = ''
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    if (name === 'connection') connection += `${raw[i + 1]},`
    if (!responseHopByHop.has(name)) kept.push(raw[i] ?? '', raw[i + 1] ?? '')
  }
  const nominated = nominatedBy(connection)
  if (nominated.length === 0) return kept
  return kept.filter((_, i) => !nominated.includes((kept[i - (i % 2)] ?? '').toLowerCase()))
}
