/** All that one worker serves: services, the table that finds them, and what each exchange needs beside them. */
import { randomUUID } from 'node:crypto'
import type { ServiceRoutes } from '@fairway/contract/gateway'
import type { ServiceSnapshot } from '../messages.ts'
import type { GatewayOptions } from '../options.ts'
import type { AccessLog } from './access-log.ts'
import type { HeadRules } from './request-head.ts'
import { buildRouteTable, findRoute, type RouteTable } from './route-table.ts'
import { type ServedRoute, ServedService } from './served-service.ts'

export class TrafficState {
  readonly options: GatewayOptions
  readonly accessLog: AccessLog
  readonly headRules: HeadRules
  /** Connections are told to close after the answer under way. */
  retiring = false
  readonly #services = new Map<string, ServedService>()
  #table: RouteTable<ServedRoute> = new Map()

  constructor(options: GatewayOptions, accessLog: AccessLog) {
    this.options = options
    this.accessLog = accessLog
    this.headRules = { trustForwarded: options.trustForwarded, newRequestId: randomUUID }
  }

  find(host: string, path: string): ServedRoute | undefined {
    return findRoute(this.#table, host, path)
  }

  apply(routes: ServiceRoutes): void {
    const service =
      this.#services.get(routes.key) ?? new ServedService(routes.key, this.options.connectTimeoutMs)
    service.apply(routes)
    this.#services.set(routes.key, service)
    this.#rebuild()
  }

  remove(key: string): void {
    this.#services.get(key)?.drainAll()
    this.#services.delete(key)
    this.#rebuild()
  }

  /** Ends what is under way: WebSockets are told to come back. */
  cutAll(): void {
    for (const service of this.#services.values()) service.cutAll()
  }

  snapshot(): ServiceSnapshot[] {
    return [...this.#services.values()].map((service) => service.snapshot())
  }

  #rebuild(): void {
    // By key, so that every worker and every start resolves a doubled route alike.
    const services = [...this.#services.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    this.#table = buildRouteTable(services.flatMap((service) => service.entries))
  }
}
