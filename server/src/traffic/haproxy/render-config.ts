/**
 * HAProxy's configuration from the state. Pure. `structure` is all that only a reload can change; instances are
 * changed in the running workers, and are written down as well, so that a reload or a restart serves the same ones.
 */
import { createHash } from 'node:crypto'
import type { GatewayBackend } from '@fairway/contract/gateway'
import { type GatewayState, type HeldService, serverName } from './gateway-state.ts'
import { globalSection, httpFrontend } from './render-frontend.ts'
import { backendName, routeMap, socketsName, tcpName } from './route-map.ts'
import type { HaproxySettings } from './settings.ts'

export type ServerSpec = { name: string; address: string; draining: boolean; options: string }
export type BackendSpec = { name: string; lines: string[]; servers: ServerSpec[] }
export type MapFile = { path: string; content: string }
export type Rendered = { text: string; structure: string; maps: MapFile[]; backends: BackendSpec[] }

/** The longest time HAProxy knows: about 20 days. */
const FOREVER = '20d'

export function renderConfig(
  state: GatewayState,
  { settings, metrics }: { settings: HaproxySettings; metrics: boolean },
): Rendered {
  const routes = mapFile('routes', routeMap(state))
  const redirects = mapFile(
    'redirects',
    state.redirectHosts.map((host) => `${host} 1`),
  )
  const services = Object.values(state.services).sort((a, b) => (a.routes.key < b.routes.key ? -1 : 1))
  const backends = [...services.flatMap(backendsOfService), challengeBackend(state)]
  const head = [
    ...httpFrontend({
      settings,
      maps: { routes: routes.path, redirects: state.redirectHosts.length > 0 ? redirects.path : undefined },
      metrics,
    }),
    ...services.flatMap((service) => tcpFrontends(service, settings)),
  ]
  const hash = createHash('sha256')
  hash.update(globalSection(settings, '').join('\n') + head.join('\n'))
  for (const { name, lines } of backends) hash.update(`${name}\n${lines.join('\n')}\n`)
  const structure = hash.digest('hex').slice(0, 24)
  const text = [...globalSection(settings, structure), ...head, ...backends.flatMap(backendText), ''].join(
    '\n',
  )
  return { text, structure, maps: [routes, redirects], backends }
}

/** Named by its content: a running worker's map never changes under it. Paths are relative to the state folder. */
function mapFile(name: string, lines: readonly string[]): MapFile {
  const content = lines.map((line) => `${line}\n`).join('')
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16)
  return { path: `maps/${name}-${hash}.map`, content }
}

function backendText({ name, lines, servers }: BackendSpec): string[] {
  const indented = [...lines, ...servers.map(serverLine)].map((line) => `  ${line}`)
  return ['', `backend ${name}`, ...indented]
}

const serverLine = ({ name, address, options, draining }: ServerSpec): string =>
  `server ${name} ${address} ${options}${draining ? ' disabled' : ''}`

/**
 * A server that is added while HAProxy runs keeps no idle connections unless a number is named: each request would then
 * open one of its own, at a third of the throughput. They are given up before instances do it, most of which wait 5 s.
 */
const IDLE = 'pool-max-conn 1024 pool-purge-delay 2s'

function serversOf(backends: readonly GatewayBackend[], options: string): ServerSpec[] {
  return backends.map((backend) => ({
    name: serverName(backend),
    address: `${backend.host.includes(':') ? `[${backend.host}]` : backend.host}:${backend.port}`,
    draining: backend.state === 'draining',
    options,
  }))
}

function backendsOfService({ routes }: HeldService): BackendSpec[] {
  const timeout = `timeout server ${routes.requestTimeoutMs === 0 ? FOREVER : `${routes.requestTimeoutMs}ms`}`
  const all = routes.routes.map((_, index) => backendName(routes.key, index))
  const limits = limitLines(routes.limits, all)
  const http = routes.routes.flatMap(({ backends, protocol }, index) => {
    const name = backendName(routes.key, index)
    const servers = serversOf(backends, protocol === 'HTTP/2' ? `proto h2 ${IDLE}` : IDLE)
    // A WebSocket is an HTTP/1.1 upgrade, whatever else the instance speaks.
    const sockets = serversOf(backends, 'pool-max-conn 0')
    return [
      { name, lines: ['mode http', 'balance leastconn', timeout, ...http2(protocol), ...limits], servers },
      {
        name: socketsName(name),
        lines: ['mode http', 'balance leastconn', timeout, ...limits],
        servers: sockets,
      },
    ]
  })
  const tcp = (routes.tcp ?? []).map(({ name, backends }) => ({
    name: tcpName(routes.key, name),
    lines: ['mode tcp', 'balance leastconn', `timeout server ${FOREVER}`],
    servers: serversOf(backends, ''),
  }))
  const table = routes.limits?.requestsPerSecondPerIp === undefined ? [] : [rateTable(routes.key)]
  return [...http, ...tcp, ...table]
}

/** Said of the backend, too, so that another protocol is another structure: a server keeps the one it began with. */
const http2 = (protocol: string | undefined): string[] =>
  protocol === 'HTTP/2' ? ['default-server proto h2'] : []

const tableName = (key: string): string => `rates:${key.replace('/', '.')}`

const rateTable = (key: string): BackendSpec => ({
  name: tableName(key),
  lines: ['mode http', 'stick-table type ipv6 size 100k expire 10s store http_req_rate(1s)'],
  servers: [],
})

function limitLines(limits: HeldService['routes']['limits'], names: readonly string[]): string[] {
  if (limits === undefined) return []
  const { maxConnections, requestsPerSecondPerIp, bodyLimit } = limits
  const key = names[0]?.split(':').slice(0, 2).join('/') ?? ''
  const lines: string[] = []
  if (bodyLimit !== undefined)
    lines.push(`http-request deny deny_status 413 if { req.body_size gt ${bodyLimit} }`)
  if (requestsPerSecondPerIp !== undefined)
    lines.push(
      `http-request track-sc1 src table ${tableName(key)}`,
      `http-request deny deny_status 429 if { sc_http_req_rate(1) gt ${requestsPerSecondPerIp} }`,
    )
  if (maxConnections !== undefined) lines.push(...connectionLimit(names, maxConnections))
  return lines
}

/** Requests and sockets of all routes of the service together. */
function connectionLimit(names: readonly string[], most: number): string[] {
  const all = names.flatMap((name) => [name, socketsName(name)])
  const sum = all.map((name, index) =>
    index === 0
      ? `http-request set-var(txn.load) be_conn(${name})`
      : `http-request set-var(txn.load) be_conn(${name}),add(txn.load)`,
  )
  return [...sum, `http-request deny deny_status 503 if { var(txn.load) -m int gt ${most} }`]
}

function challengeBackend({ challenge }: GatewayState): BackendSpec {
  const servers =
    challenge === null ? [] : serversOf([{ id: 'challenge', ...challenge, state: 'active' }], IDLE)
  return { name: 'challenge', lines: ['mode http', 'balance leastconn', 'timeout server 10s'], servers }
}

function tcpFrontends({ routes }: HeldService, { listen }: HaproxySettings): string[] {
  return (routes.tcp ?? []).flatMap(({ name, listenPort }) => [
    '',
    `frontend ${tcpName(routes.key, name)}`,
    '  mode tcp',
    '  log global',
    `  timeout client ${FOREVER}`,
    `  log-format "R %b %s 0 %Tw %Tc 0 %Tt %ts %[date(0,ms)] 0 %B %ci tcp - - -"`,
    `  bind ${listen.host}:${listenPort}`,
    `  default_backend ${tcpName(routes.key, name)}`,
  ])
}
