/**
 * What HAProxy shall serve: the routes of every service and who still drains. Pure: each change answers the next state.
 */
import { createHash } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import type { GatewayBackend, ServiceRoutes } from '@fairway/contract/gateway'

/**
 * HAProxy can cut a WebSocket, not close it with a reason. At the end of the budget the instance is asked to end, and
 * this long it may say goodbye itself.
 */
const FAREWELL_MS = 3_000

/** An instance that gets nothing new; what it is at is cut at `until` (epoch milliseconds). */
export type Drain = { id: string; until: number; ended: boolean }

export type HeldService = {
  routes: ServiceRoutes
  /** By server name. Holds instances that no route names any more, too. */
  drains: Record<string, Drain>
}

export type HeldCertificate = { name: string; hosts: string[]; fingerprint: string }

export type GatewayState = {
  services: Record<string, HeldService>
  /** Drains of removed services, by key. */
  removed: Record<string, Record<string, Drain>>
  certificates: HeldCertificate[]
  challenge: { host: string; port: number } | null
  redirectHosts: string[]
}

export const emptyState = (): GatewayState => ({
  services: {},
  removed: {},
  certificates: [],
  challenge: null,
  redirectHosts: [],
})

/** The name of an instance's address in HAProxy, in its log and in its counters. */
export function serverName({ id, host, port }: GatewayBackend): string {
  const address = createHash('sha256').update(`${id} ${host} ${port}`).digest('hex').slice(0, 8)
  return `${id.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 80)}:${address}`
}

export const backendsOf = (routes: ServiceRoutes): GatewayBackend[] =>
  [...routes.routes, ...(routes.tcp ?? [])].flatMap((route) => route.backends)

/** `conflict` for a generation older than the one held; `invalid_request` for names that no host or path can have. */
export function withRoutes(state: GatewayState, routes: ServiceRoutes, now: number): GatewayState {
  const held = state.services[routes.key]
  if (held !== undefined && held.routes.generation > routes.generation)
    throw new FairwayError('conflict', `The gateway holds generation ${held.routes.generation} already.`)
  checkNames(routes)
  const before = { ...state.removed[routes.key], ...held?.drains }
  const drains = drainsOf({ before, held: held?.routes, next: routes, now })
  const { [routes.key]: _, ...removed } = state.removed
  return { ...state, removed, services: { ...state.services, [routes.key]: { routes, drains } } }
}

type Change = {
  before: Record<string, Drain>
  held?: ServiceRoutes | undefined
  next: ServiceRoutes
  now: number
}

function drainsOf({ before, held, next, now }: Change): Record<string, Drain> {
  const named = new Map(backendsOf(next).map((backend) => [serverName(backend), backend]))
  const active = new Set(
    backendsOf(next)
      .filter(({ state }) => state === 'active')
      .map(serverName),
  )
  const left = backendsOf(held ?? next).filter((backend) => !named.has(serverName(backend)))
  const drains: Record<string, Drain> = {}
  for (const [name, drain] of Object.entries(before))
    if (!active.has(name) && (named.has(name) || !drain.ended)) drains[name] = drain
  for (const backend of [...named.values(), ...left]) {
    const name = serverName(backend)
    if (active.has(name)) continue
    // An instance that no route named when its drain had ended was reported long enough.
    if (!named.has(name) && before[name]?.ended) continue
    // A new budget counts from where the drain began only when it is shorter.
    const until = now + next.drainBudgetMs + FAREWELL_MS
    drains[name] = {
      id: backend.id,
      ended: false,
      ...before[name],
      until: Math.min(before[name]?.until ?? until, until),
    }
  }
  return drains
}

export function withoutService(state: GatewayState, key: string, now: number): GatewayState {
  const { [key]: held, ...services } = state.services
  if (held === undefined) return state
  const gone = { ...held.routes, routes: [], tcp: [] }
  const drains = drainsOf({ before: held.drains, held: held.routes, next: gone, now })
  return { ...state, services, removed: { ...state.removed, [key]: drains } }
}

/** A drain that is over: it stays in the report of its service, and is forgotten with a removed one. */
export function withEnded(state: GatewayState, key: string, name: string): GatewayState {
  const held = state.services[key]
  if (held !== undefined) {
    const drain = held.drains[name]
    if (drain === undefined) return state
    const drains = { ...held.drains, [name]: { ...drain, ended: true } }
    return { ...state, services: { ...state.services, [key]: { ...held, drains } } }
  }
  const { [name]: _, ...left } = state.removed[key] ?? {}
  const { [key]: __, ...others } = state.removed
  return { ...state, removed: Object.keys(left).length === 0 ? others : { ...others, [key]: left } }
}

export type OpenDrain = { key: string; name: string; drain: Drain }

export const openDrains = (state: GatewayState): OpenDrain[] =>
  [
    ...Object.entries(state.services).map(([key, { drains }]) => [key, drains] as const),
    ...Object.entries(state.removed),
  ].flatMap(([key, drains]) =>
    Object.entries(drains)
      .filter(([, drain]) => !drain.ended)
      .map(([name, drain]) => ({ key, name, drain })),
  )

/** They become words of the configuration: nothing may end a word or a line. */
function checkNames({ routes }: ServiceRoutes): void {
  for (const { hosts, pathPrefix } of routes) {
    for (const host of hosts)
      if (!/^(\*|(\*\.)?[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$/.test(host))
        throw new FairwayError('invalid_request', `"${host.slice(0, 100)}" is not a host name.`)
    if (!/^\/[\w.~!$&'()*+,;=:@%/-]*$/.test(pathPrefix))
      throw new FairwayError('invalid_request', 'A path prefix holds a character that no path has.')
  }
}
