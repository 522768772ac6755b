/** What the primary and its workers say to each other over the process channel. */
import type { ServiceRoutes } from '@fairway/contract/gateway'

export type ToWorker =
  | { type: 'apply'; id: number; routes: ServiceRoutes }
  | { type: 'remove'; id: number; key: string }
  | { type: 'report'; id: number }
  /** Finish what is under way, then end. Connections are told to close. */
  | { type: 'retire'; id: number; withinMs: number }
  /** Comes with the public socket: take connections from it. */
  | { type: 'serve'; id: number }

export type ToPrimary = { type: 'ready' } | { type: 'done'; id: number; value?: WorkerReport }

export type WorkerReport = { services: ServiceSnapshot[] }

/** One worker's counters of a service; the primary adds them up. */
export type ServiceSnapshot = {
  key: string
  generation: number
  backends: BackendSnapshot[]
  totals: { requests: number; failures: number; longestGapMs: number; latency: number[] }
}

export type BackendSnapshot = {
  id: string
  draining: boolean
  inFlight: number
  openWebSockets: number
  requests: number
  failures: number
  cut: number
}
