/**
 * An upgrade: the head goes to an instance, and when that agrees the two sockets are spliced. When it answers anything
 * else, that answer goes to the client, whose connection then ends.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Backend, type Exchange, openConnection, pickBackend, wasEstablished } from './backend.ts'
import { type Refusal, rawErrorPage, refusals } from './error-page.ts'
import { type ForwardedHead, responseHeaders } from './request-head.ts'
import type { ServedRoute, ServedService } from './served-service.ts'
import { Splice } from './splice.ts'
import type { TrafficState } from './traffic-state.ts'

const MAX_ATTEMPTS = 5

export class UpgradeExchange implements Exchange {
  readonly webSocket = true
  readonly #traffic: TrafficState
  readonly #head: ForwardedHead
  readonly #req: IncomingMessage
  readonly #client: Socket
  readonly #early: Buffer
  readonly #startedAt = performance.now()
  readonly #tried: Backend[] = []
  #service: ServedService | undefined
  #backend: Backend | undefined
  #upstream: ClientRequest | undefined
  #splice: Splice | undefined
  #timer: NodeJS.Timeout | undefined
  #attempts = 0
  #status = 499
  #answered = false
  #over = false

  constructor(
    traffic: TrafficState,
    head: ForwardedHead,
    from: { req: IncomingMessage; socket: Socket; early: Buffer },
  ) {
    this.#traffic = traffic
    this.#head = head
    this.#req = from.req
    this.#client = from.socket
    this.#early = from.early
  }

  run(): void {
    this.#client.setTimeout(0)
    this.#client.once('close', () => this.#finish())
    const route = this.#traffic.find(this.#head.host, this.#head.path)
    if (route === undefined) {
      this.#refuse(refusals.noRoute)
      return
    }
    this.#service = route.service
    route.service.arrived(this.#startedAt)
    if (route.service.requestTimeoutMs > 0) {
      this.#timer = setTimeout(() => this.#fail(refusals.timedOut), route.service.requestTimeoutMs)
    }
    this.#attempt(route)
  }

  cut(): void {
    if (this.#splice === undefined) this.#fail(refusals.cut)
    else if (isWebSocket(this.#head)) this.#splice.close()
    else this.#splice.destroy()
  }

  #attempt(route: ServedRoute | undefined): void {
    const backend = route && pickBackend(route.backends, this.#tried, performance.now())
    if (backend === undefined || this.#attempts >= MAX_ATTEMPTS) {
      this.#fail(this.#attempts > 0 ? refusals.connectFailed : refusals.noBackend)
      return
    }
    this.#attempts += 1
    this.#backend = backend
    backend.begin(this)
    backend.requests += 1
    this.#send(backend)
  }

  #send(backend: Backend): void {
    const headers = [...this.#head.headers, 'Connection', 'Upgrade', 'Upgrade', this.#head.upgrade ?? '']
    const upstream = request({
      method: this.#req.method,
      path: this.#head.target,
      headers: headers as unknown as Record<string, string>,
      setHost: false,
      createConnection: () => openConnection(backend, backend.connectTimeoutMs),
    })
    this.#upstream = upstream
    upstream.on('error', () => this.#upstreamFailed(upstream))
    upstream.on('response', (answer) => this.#relayRefusal(answer))
    upstream.on('upgrade', (answer, socket, early) => this.#join(answer, socket, early))
    upstream.end()
  }

  #upstreamFailed(upstream: ClientRequest): void {
    const backend = this.#backend
    if (this.#over || this.#answered || upstream !== this.#upstream) return
    if (backend === undefined || wasEstablished(upstream.socket)) {
      this.#fail(refusals.broken)
      return
    }
    backend.eject(performance.now())
    this.#tried.push(backend)
    backend.end(this)
    this.#backend = undefined
    this.#attempt(this.#traffic.find(this.#head.host, this.#head.path))
  }

  #join(answer: IncomingMessage, instance: Duplex, early: Buffer): void {
    if (this.#over || this.#answered) {
      instance.destroy()
      return
    }
    this.#answer(101)
    const headers = ['Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? this.#head.upgrade ?? '']
    this.#client.write(rawHead(answer, [...headers, ...responseHeaders(answer.rawHeaders)]), 'latin1')
    this.#splice = new Splice(this.#client, instance, () => this.#finish())
    this.#splice.feed(this.#early, early)
  }

  #relayRefusal(answer: IncomingMessage): void {
    if (this.#over || this.#answered) {
      answer.destroy()
      return
    }
    this.#answer(answer.statusCode ?? 502)
    this.#client.write(
      rawHead(answer, [...responseHeaders(answer.rawHeaders), 'Connection', 'close']),
      'latin1',
    )
    answer.once('error', () => this.#client.destroy())
    answer.pipe(this.#client)
  }

  #answer(status: number): void {
    const now = performance.now()
    this.#answered = true
    this.#status = status
    clearTimeout(this.#timer)
    this.#service?.answered()
    if (status < 500) this.#service?.succeeded(now, now - this.#startedAt)
  }

  #fail(refusal: Refusal): void {
    if (this.#over) return
    if (!this.#answered) this.#service?.answered()
    this.#service?.failed()
    if (this.#backend !== undefined) this.#backend.failures += 1
    if (this.#answered) this.#client.destroy()
    else this.#refuse(refusal)
    this.#upstream?.destroy()
  }

  #refuse(refusal: Refusal): void {
    this.#answered = true
    this.#status = refusal.status
    this.#client.end(rawErrorPage(refusal, this.#head.requestId))
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    if (!this.#answered) this.#service?.answered()
    if (this.#splice === undefined) this.#upstream?.destroy()
    this.#backend?.end(this)
    this.#traffic.accessLog.write({
      service: this.#service?.key,
      backend: this.#backend?.id,
      client: this.#client.remoteAddress ?? '',
      method: this.#req.method ?? '',
      host: this.#head.host,
      target: this.#head.target,
      status: this.#status,
      ms: Number((performance.now() - this.#startedAt).toFixed(2)),
      attempts: this.#attempts,
      requestId: this.#head.requestId,
    })
  }
}

const isWebSocket = (head: ForwardedHead): boolean => head.upgrade?.toLowerCase() === 'websocket'

function rawHead(answer: IncomingMessage, headers: readonly string[]): string {
  const lines: string[] = []
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}\r\n`)
  return `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${lines.join('')}\r\n`
}
