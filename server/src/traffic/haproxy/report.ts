/** What the gateway says of one service. Pure. */
import { quantile } from '@fairway/contract/latency-histogram'
import type { BackendReport, ServiceReport } from '../../reconcile/traffic-port.ts'
import { mayComeLate, sessionsOf, sumOf } from './drains.ts'
import type { ServiceFigures } from './figures.ts'
import { backendsOf, type HeldService, serverName } from './gateway-state.ts'
import type { Processes } from './master-socket.ts'
import type { Sessions } from './worker-view.ts'

type Seen = { figures: ServiceFigures; running: Processes | undefined; sessions: readonly Sessions[] }

export function reportOf({ routes, drains }: HeldService, seen: Seen): ServiceReport {
  const { requests, failures, longestGapMs, latency } = seen.figures
  const names = new Map<string, Set<string>>()
  const add = (id: string, name: string): void => void names.set(id, (names.get(id) ?? new Set()).add(name))
  for (const backend of backendsOf(routes)) add(backend.id, serverName(backend))
  for (const [name, { id }] of Object.entries(drains)) add(id, name)
  const backends = [...names].map(([id, own]): BackendReport => {
    const sessions = [...own].flatMap((name) => sessionsOf(seen.sessions, routes.key, name))
    const sockets = sessions.filter(({ backend }) => backend.endsWith(':ws'))
    const counted = [...own].map((name) => seen.figures.servers[name])
    const sum = (field: 'requests' | 'failures' | 'cut'): number =>
      counted.reduce((total, one) => total + (one?.[field] ?? 0), 0)
    return {
      id,
      state: stateOf(
        [...own].map((name) => drains[name]),
        sessions,
        seen.running,
      ),
      inFlight: sumOf(sessions) - sumOf(sockets),
      openWebSockets: sumOf(sockets),
      requests: sum('requests'),
      failures: sum('failures'),
      cut: sum('cut'),
    }
  })
  const latencyMs = { p50: quantile(latency, 0.5), p99: quantile(latency, 0.99) }
  const tcp = (routes.tcp ?? []).flatMap(({ name, listenPort }) =>
    listenPort === undefined ? [] : [{ name, listenPort }],
  )
  return {
    key: routes.key,
    generation: routes.generation,
    backends,
    totals: {
      requests,
      failures,
      longestGapMs: Math.round(longestGapMs),
      latencyMs,
      latencyCounts: [...latency],
    },
    ...(tcp.length > 0 && { tcp }),
  }
}

function stateOf(
  drains: readonly (HeldService['drains'][string] | undefined)[],
  sessions: readonly Sessions[],
  running: Processes | undefined,
): BackendReport['state'] {
  if (drains.some((drain) => drain === undefined)) return 'active'
  if (sumOf(sessions) > 0) return 'draining'
  const late = running !== undefined && mayComeLate(running)
  return late && drains.some((drain) => !drain?.ended) ? 'draining' : 'drained'
}
