import type { ServiceRoutes } from '@fairway/contract/gateway'

/** What the gateway says of one backend, cumulative since it first saw it. */
export type BackendReport = {
  id: string
  state: 'active' | 'draining' | 'drained'
  inFlight: number
  openWebSockets: number
  requests: number
  failures: number
  /** Connections that were cut when the drain budget ran out. */
  cut: number
}

/** What the gateway says of one service. `generation` is the one it serves now. */
export type ServiceReport = {
  key: string
  generation: number
  backends: BackendReport[]
  totals: {
    requests: number
    failures: number
    longestGapMs: number
    latencyMs: { p50: number; p99: number }
  }
}

/**
 * The traffic layer. A service's routes are replaced as a whole; the promise resolves once the gateway
 * has acknowledged that it serves them, and rejects when it cannot be reached.
 */
export type Traffic = {
  apply(routes: ServiceRoutes): Promise<void>
  remove(key: string): Promise<void>
  report(key: string): Promise<ServiceReport | undefined>
  /** Keys and generations the gateway holds: for the resync. */
  list(): Promise<{ key: string; generation: number }[]>
  /** Where the public listens, for links: for instance `http://127.0.0.1:8080`. */
  publicUrl(): string
  close(): Promise<void>
}
