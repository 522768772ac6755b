/** Completes routes with what HAProxy needs to be told: addresses for names, and listening ports. */
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, isIP } from 'node:net'
import { FairwayError } from '@fairway/contract/errors'
import type { GatewayBackend, GatewayTcpRoute, ServiceRoutes } from '@fairway/contract/gateway'
import { hasCode } from '../../lib/has-code.ts'
import type { GatewayState } from './gateway-state.ts'
import type { HaproxySettings } from './settings.ts'

export async function withAddresses(routes: ServiceRoutes): Promise<ServiceRoutes> {
  const resolved = async <T extends { backends: GatewayBackend[] }>(route: T): Promise<T> => ({
    ...route,
    backends: await Promise.all(
      route.backends.map(async (backend) => ({ ...backend, host: await addressOf(backend.host) })),
    ),
  })
  return {
    ...routes,
    routes: await Promise.all(routes.routes.map(resolved)),
    ...(routes.tcp !== undefined && { tcp: await Promise.all(routes.tcp.map(resolved)) }),
  }
}

async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host, { order: 'ipv4first' })).address
  } catch (cause) {
    throw new FairwayError('traffic_failed', `The instance address "${host}" cannot be resolved.`, { cause })
  }
}

/** A port that a route names is its own; others keep the one they have, or take a free one of the range. */
export async function withListenPorts(
  state: GatewayState,
  routes: ServiceRoutes,
  settings: HaproxySettings,
): Promise<ServiceRoutes> {
  if (routes.tcp === undefined) return routes
  const others = Object.values(state.services).filter((held) => held.routes.key !== routes.key)
  const own = [settings.listen.port, settings.httpsPort, settings.metricsPort]
  const taken = new Set([
    ...own,
    ...others.flatMap((held) => (held.routes.tcp ?? []).map(({ listenPort }) => listenPort)),
  ])
  const before = state.services[routes.key]?.routes.tcp ?? []
  const chosen: GatewayTcpRoute[] = []
  for (const route of routes.tcp) {
    const kept = before.find(({ name }) => name === route.name)?.listenPort
    const wanted = route.listenPort ?? (taken.has(kept) ? undefined : kept)
    if (wanted !== undefined && taken.has(wanted))
      throw new FairwayError('traffic_failed', `The public port ${wanted} is taken; choose another one.`)
    const listenPort = wanted ?? (await freeIn(settings, taken))
    taken.add(listenPort)
    chosen.push({ ...route, listenPort })
  }
  return { ...routes, tcp: chosen }
}

async function freeIn(
  { tcpPorts, listen }: HaproxySettings,
  taken: ReadonlySet<number | undefined>,
): Promise<number> {
  for (let port = tcpPorts?.from ?? 1; port <= (tcpPorts?.to ?? 0); port += 1)
    if (!taken.has(port) && (await isFree(listen.host, port))) return port
  throw new FairwayError(
    'traffic_failed',
    'All public TCP ports are taken; widen FAIRWAY_TCP_PORTS or remove a public TCP port.',
  )
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return true
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE', 'EACCES')) return false
    throw error
  } finally {
    server.close()
  }
}
