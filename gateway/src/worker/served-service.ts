/** One service in this worker: its routes and backends of the generation it serves, and its totals. */
import type { GatewayBackend, ServiceRoutes } from '@fairway/contract/gateway'
import { emptyHistogram, recordLatency } from '@fairway/contract/latency-histogram'
import type { ServiceSnapshot } from '../messages.ts'
import { Backend } from './backend.ts'
import type { RouteEntry } from './route-table.ts'

export type ServedRoute = { readonly service: ServedService; readonly backends: readonly Backend[] }

export class ServedService {
  readonly key: string
  readonly totals = { requests: 0, failures: 0, longestGapMs: 0, latency: emptyHistogram() }
  entries: readonly RouteEntry<ServedRoute>[] = []
  requestTimeoutMs = 0
  #generation = -1
  #drainBudgetMs = 0
  #backends = new Map<string, Backend>()
  readonly #connectTimeoutMs: number
  #waiting = 0
  #waitingSince: number | undefined

  constructor(key: string, connectTimeoutMs: number) {
    this.key = key
    this.#connectTimeoutMs = connectTimeoutMs
  }

  /** From its return on nothing new goes to a backend that the generation drains or no longer names. */
  apply(next: ServiceRoutes): void {
    this.#generation = next.generation
    this.#drainBudgetMs = next.drainBudgetMs
    this.requestTimeoutMs = next.requestTimeoutMs
    const named = new Map<string, Backend>()
    this.entries = next.routes.map((route) => ({
      hosts: route.hosts,
      pathPrefix: route.pathPrefix,
      target: { service: this, backends: route.backends.map((target) => this.#backend(target, named)) },
    }))
    this.#leaveOut(named)
  }

  /** The service is gone: what is under way keeps its drain budget. */
  drainAll(): void {
    this.entries = []
    for (const backend of this.#backends.values()) backend.drain(this.#drainBudgetMs)
  }

  cutAll(): void {
    for (const backend of this.#backends.values()) backend.cutAll()
  }

  #backend(target: GatewayBackend, named: Map<string, Backend>): Backend {
    const address = `${target.id} ${target.host} ${target.port}`
    const backend = this.#backends.get(address) ?? new Backend(target, this.#connectTimeoutMs)
    if (target.state === 'draining') backend.drain(this.#drainBudgetMs)
    else backend.activate()
    this.#backends.set(address, backend)
    named.set(address, backend)
    return backend
  }

  /** A backend that is no longer named drains, and stays in the reports until the generation after its end. */
  #leaveOut(named: ReadonlyMap<string, Backend>): void {
    for (const [address, backend] of this.#backends) {
      if (named.has(address)) continue
      if (backend.drained) this.#backends.delete(address)
      else backend.drain(this.#drainBudgetMs)
    }
  }

  /**
   * A gap is the time in which at least one request was waiting and none succeeded: it starts with the last success,
   * or with the first request after it when none was waiting then, and ends with the next success.
   */
  arrived(now: number): void {
    this.totals.requests += 1
    this.#waiting += 1
    this.#waitingSince ??= now
  }

  succeeded(now: number, latencyMs: number): void {
    recordLatency(this.totals.latency, latencyMs)
    if (this.#waitingSince === undefined) return
    this.totals.longestGapMs = Math.max(this.totals.longestGapMs, now - this.#waitingSince)
    this.#waitingSince = this.#waiting > 0 ? now : undefined
  }

  answered(): void {
    this.#waiting -= 1
  }

  failed(): void {
    this.totals.failures += 1
  }

  snapshot(): ServiceSnapshot {
    return {
      key: this.key,
      generation: this.#generation,
      backends: [...this.#backends.values()].map((backend) => backend.snapshot()),
      totals: { ...this.totals },
    }
  }
}
