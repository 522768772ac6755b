/** The maps from host and path to HAProxy backends. Pure. */
import type { GatewayState } from './gateway-state.ts'

/** `shop/web` and the number of its route → `shop:web:0`. Its sockets have a twin, so that they are counted apart. */
export const backendName = (key: string, route: number): string => `${key.replace('/', ':')}:${route}`
export const socketsName = (backend: string): string => `${backend}:ws`
export const tcpName = (key: string, port: string): string => `${key.replace('/', ':')}:tcp-${port}`

/** The service a backend belongs to; undefined for backends of the gateway's own. */
export function keyOfBackend(backend: string): string | undefined {
  const [project, service, route] = backend.split(':')
  return route === undefined ? undefined : `${project}/${service}`
}

/**
 * Lines of a prefix map: `host/prefix/ backend`. What is looked up ends in a slash as well, so that `/api` finds
 * `/api/` and `/apix` does not. Of two routes with the same host and prefix the first service by key serves.
 */
export function routeMap(state: GatewayState): string[] {
  const lines = new Map<string, string>()
  const services = Object.values(state.services).sort((a, b) => (a.routes.key < b.routes.key ? -1 : 1))
  for (const { routes } of services)
    for (const [index, route] of routes.routes.entries())
      for (const host of route.hosts) {
        const prefix = `${host}${route.pathPrefix.replace(/\/+$/, '')}/`
        if (!lines.has(prefix)) lines.set(prefix, backendName(routes.key, index))
      }
  return [...lines].map(([prefix, backend]) => `${prefix} ${backend}`)
}
