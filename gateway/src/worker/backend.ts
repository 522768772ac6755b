/**
 * One instance as this worker sees it: its connections, what is under way on it, and its counters.
 *
 * `active` takes requests. `draining` takes none: its idle connections are closed at once, what is under way may
 * finish, and what is left when the drain budget runs out is cut. It may become `active` again.
 */
import { Agent, type AgentOptions } from 'node:http'
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import type { GatewayBackend } from '@fairway/contract/gateway'
import type { BackendSnapshot } from '../messages.ts'

/** A request or WebSocket under way, as its backend needs to know it. */
export type Exchange = { readonly webSocket: boolean; cut(): void }

/** A safe request found to be on a dead connection is simply sent again, so its connections may be old. */
const SAFE_IDLE_MS = 4_000
/** Any other must not be sent twice, so it only uses a connection that was busy a moment ago. */
const CAREFUL_IDLE_MS = 1_000
/** After a refused connection a backend is passed over for this long. */
const EJECTION_MS = 1_000

const established = new WeakSet<object>()

/** True when the connection was made at some time: from then on the instance may have seen something. */
export const wasEstablished = (socket: Duplex | null): boolean => socket !== null && established.has(socket)

/** Opens a connection that fails when it is not made within `timeoutMs`. */
export function openConnection(target: { host: string; port: number }, timeoutMs: number): Socket {
  const socket = connect({ host: target.host, port: target.port, noDelay: true, keepAlive: true })
  const timer = setTimeout(() => {
    const timedOut = new Error(`connecting took longer than ${timeoutMs} ms`)
    socket.destroy(Object.assign(timedOut, { code: 'ETIMEDOUT' }))
  }, timeoutMs)
  socket.once('connect', () => {
    clearTimeout(timer)
    established.add(socket)
  })
  socket.once('close', () => clearTimeout(timer))
  return socket
}

class BackendAgent extends Agent {
  readonly #connectTimeoutMs: number

  constructor(idleMs: number, connectTimeoutMs: number) {
    const options: AgentOptions = {
      keepAlive: true,
      maxFreeSockets: 256,
      timeout: idleMs,
      scheduling: 'lifo',
    }
    super(options)
    this.#connectTimeoutMs = connectTimeoutMs
  }

  override createConnection(options: TcpNetConnectOpts): Socket {
    return openConnection({ host: options.host ?? '', port: options.port }, this.#connectTimeoutMs)
  }
}

export class Backend {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly connectTimeoutMs: number
  draining = false
  requests = 0
  failures = 0
  cutCount = 0
  inFlight = 0
  openWebSockets = 0
  #ejectedUntil = 0
  #drainTimer: NodeJS.Timeout | undefined
  readonly #exchanges = new Set<Exchange>()
  readonly #safe: Agent
  readonly #careful: Agent

  constructor(target: GatewayBackend, connectTimeoutMs: number) {
    this.id = target.id
    this.host = target.host
    this.port = target.port
    this.connectTimeoutMs = connectTimeoutMs
    this.#safe = new BackendAgent(SAFE_IDLE_MS, connectTimeoutMs)
    this.#careful = new BackendAgent(CAREFUL_IDLE_MS, connectTimeoutMs)
  }

  /** The connections for a request; `repeatable` ones may meet a connection that just died. */
  agent(repeatable: boolean): Agent {
    return repeatable ? this.#safe : this.#careful
  }

  get load(): number {
    return this.inFlight + this.openWebSockets
  }

  get drained(): boolean {
    return this.draining && this.load === 0
  }

  begin(exchange: Exchange): void {
    this.#exchanges.add(exchange)
    if (exchange.webSocket) this.openWebSockets += 1
    else this.inFlight += 1
  }

  end(exchange: Exchange): void {
    if (!this.#exchanges.delete(exchange)) return
    if (exchange.webSocket) this.openWebSockets -= 1
    else this.inFlight -= 1
  }

  eject(now: number): void {
    this.#ejectedUntil = now + EJECTION_MS
  }

  isEjected(now: number): boolean {
    return now < this.#ejectedUntil
  }

  drain(budgetMs: number): void {
    if (this.draining) return
    this.draining = true
    for (const agent of [this.#safe, this.#careful]) {
      agent.maxFreeSockets = 0
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of [...(sockets ?? [])]) socket.destroy()
      }
    }
    this.#drainTimer = setTimeout(() => this.cutAll(), budgetMs)
  }

  activate(): void {
    if (!this.draining) return
    this.draining = false
    clearTimeout(this.#drainTimer)
    for (const agent of [this.#safe, this.#careful]) agent.maxFreeSockets = 256
  }

  cutAll(): void {
    for (const exchange of [...this.#exchanges]) {
      this.cutCount += 1
      exchange.cut()
    }
  }

  snapshot(): BackendSnapshot {
    return {
      id: this.id,
      draining: this.draining,
      inFlight: this.inFlight,
      openWebSockets: this.openWebSockets,
      requests: this.requests,
      failures: this.failures,
      cut: this.cutCount,
    }
  }
}

/**
 * The least loaded backend that takes requests, ties broken at random. One that just refused a connection is used
 * only when there is no other; one in `tried` never.
 */
export function pickBackend(
  backends: readonly Backend[],
  tried: readonly Backend[],
  now: number,
): Backend | undefined {
  const open = backends.filter((backend) => !backend.draining && !tried.includes(backend))
  const healthy = open.filter((backend) => !backend.isEjected(now))
  const candidates = healthy.length > 0 ? healthy : open
  const lightest = candidates.reduce(
    (least, backend) => Math.min(least, backend.load),
    Number.POSITIVE_INFINITY,
  )
  const best = candidates.filter((backend) => backend.load === lightest)
  return best.length > 1 ? best[Math.floor(Math.random() * best.length)] : best[0]
}
