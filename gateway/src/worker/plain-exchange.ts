/**
 * One plain request and its answer: chosen backend, bodies streamed both ways, and the rules for sending again.
 *
 * A request is sent again when no instance can have seen it: the connection was never made, or it is repeatable
 * (idempotent, no body) and met an old connection that ended before it answered a byte. One that only reads (GET, HEAD)
 * is sent to another instance also when the first one died over it: seeing it twice changes nothing. The body is not
 * read from the client before there is a connection to put it on, so until then nothing is lost.
 */
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type Backend, type Exchange, pickBackend, wasEstablished } from './backend.ts'
import { errorPage, type Refusal, refusals } from './error-page.ts'
import { type ForwardedHead, responseHeaders } from './request-head.ts'
import type { ServedRoute, ServedService } from './served-service.ts'
import type { TrafficState } from './traffic-state.ts'

const MAX_ATTEMPTS = 5
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD'])

export class PlainExchange implements Exchange {
  readonly webSocket = false
  readonly #traffic: TrafficState
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #head: ForwardedHead
  readonly #startedAt = performance.now()
  readonly #tried: Backend[] = []
  #service: ServedService | undefined
  #backend: Backend | undefined
  #upstream: ClientRequest | undefined
  #timer: NodeJS.Timeout | undefined
  #attempts = 0
  /** The last instance was reached and died over the request. */
  #broken = false
  /** The instance's answer, or ours, has begun: from here nothing is sent again. */
  #answered = false
  #over = false

  constructor(
    traffic: TrafficState,
    head: ForwardedHead,
    pair: { req: IncomingMessage; res: ServerResponse },
  ) {
    this.#traffic = traffic
    this.#head = head
    this.#req = pair.req
    this.#res = pair.res
  }

  run(): void {
    const route = this.#findRoute()
    this.#res.once('close', () => this.#finish())
    if (route === undefined) {
      this.#refuse(refusals.noRoute)
      return
    }
    this.#service = route.service
    route.service.arrived(this.#startedAt)
    if (this.#head.hasBody) this.#watchBody()
    if (route.service.requestTimeoutMs > 0) {
      this.#timer = setTimeout(() => this.#timeOut(), route.service.requestTimeoutMs)
    }
    this.#attempt(route)
  }

  /** The drain budget ran out. */
  cut(): void {
    this.#fail(refusals.cut)
  }

  #findRoute(): ServedRoute | undefined {
    return this.#traffic.find(this.#head.host, this.#head.path)
  }

  #attempt(route: ServedRoute | undefined): void {
    const backend = route && pickBackend(route.backends, this.#tried, performance.now())
    if (backend === undefined || this.#attempts >= MAX_ATTEMPTS) {
      this.#fail(
        this.#broken ? refusals.broken : this.#attempts > 0 ? refusals.connectFailed : refusals.noBackend,
      )
      return
    }
    this.#attempts += 1
    this.#backend = backend
    backend.begin(this)
    backend.requests += 1
    this.#send(backend)
  }

  #send(backend: Backend): void {
    const upstream = request({
      host: backend.host,
      port: backend.port,
      method: this.#req.method,
      path: this.#head.target,
      // node takes them as they are: order, case and doubles are kept.
      headers: this.#head.headers as unknown as Record<string, string>,
      agent: backend.agent(this.#head.repeatable),
      setHost: false,
    })
    this.#upstream = upstream
    upstream.on('error', () => this.#upstreamFailed(upstream))
    upstream.on('response', (answer) => this.#relay(answer))
    upstream.on('continue', () => this.#res.writeContinue())
    if (this.#head.hasBody) this.#sendBodyOnceConnected(upstream)
    else upstream.end()
  }

  #sendBodyOnceConnected(upstream: ClientRequest): void {
    const send = (): void => {
      this.#req.once('end', () => {
        if (this.#req.rawTrailers.length > 0) upstream.addTrailers(pairs(this.#req.rawTrailers))
      })
      this.#req.pipe(upstream)
    }
    upstream.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', send)
      else send()
    })
    // A body of unknown length may be half of a conversation: its head must not wait for its first byte.
    if (this.#req.headers['transfer-encoding'] !== undefined) upstream.flushHeaders()
  }

  #upstreamFailed(upstream: ClientRequest): void {
    if (this.#over || this.#answered || upstream !== this.#upstream) return
    const backend = this.#backend
    const neverSeen = !wasEstablished(upstream.socket)
    const staleConnection = upstream.reusedSocket && this.#head.repeatable
    const onlyReads = this.#head.repeatable && READING.has(this.#req.method ?? '')
    if (backend === undefined || !(neverSeen || staleConnection || onlyReads)) {
      this.#fail(refusals.broken)
      return
    }
    if (neverSeen) backend.eject(performance.now())
    this.#broken = !neverSeen
    if (neverSeen || !staleConnection) this.#tried.push(backend)
    backend.end(this)
    this.#backend = undefined
    this.#attempt(this.#findRoute())
  }

  #relay(answer: IncomingMessage): void {
    if (this.#over || this.#answered) {
      answer.destroy()
      return
    }
    this.#answered = true
    clearTimeout(this.#timer)
    this.#countAnswer(answer.statusCode ?? 502)
    if (this.#traffic.retiring || (this.#head.hasBody && !this.#req.complete))
      this.#res.shouldKeepAlive = false
    this.#res.sendDate = false
    this.#res.writeHead(answer.statusCode ?? 502, answer.statusMessage, responseHeaders(answer.rawHeaders))
    // Of unknown length means perhaps nothing more for a long time: the head must not wait for it.
    if (answer.headers['content-length'] === undefined) this.#res.flushHeaders()
    answer.once('end', () => {
      if (answer.rawTrailers.length > 0) this.#res.addTrailers(pairs(answer.rawTrailers))
    })
    answer.once('error', () => this.#break())
    answer.pipe(this.#res)
  }

  #countAnswer(status: number): void {
    const now = performance.now()
    this.#service?.answered()
    if (status < 500) this.#service?.succeeded(now, now - this.#startedAt)
  }

  /** An upload that stands still holds a connection of the instance: it ends by this deadline. */
  #watchBody(): void {
    const socket = this.#req.socket
    const stalled = (): void => this.#fail(refusals.bodyStalled)
    socket.setTimeout(this.#traffic.options.bodyIdleTimeoutMs)
    this.#req.once('timeout', stalled)
    this.#req.once('end', () => {
      this.#req.off('timeout', stalled)
      socket.setTimeout(0)
    })
  }

  #timeOut(): void {
    this.#fail(refusals.timedOut)
  }

  #fail(refusal: Refusal): void {
    if (this.#over) return
    this.#countFailure(refusal.status)
    if (this.#res.headersSent) this.#res.destroy()
    else this.#refuse(refusal)
    this.#upstream?.destroy()
  }

  /** The instance ended its answer halfway: the client can only be told by ending as well. */
  #break(): void {
    if (this.#over || this.#res.writableEnded || this.#res.destroyed) return
    this.#countFailure(502)
    this.#res.destroy()
  }

  #countFailure(status: number): void {
    if (!this.#answered) this.#service?.answered()
    this.#answered = true
    if (status < 500) return
    this.#service?.failed()
    if (this.#backend !== undefined) this.#backend.failures += 1
  }

  #refuse(refusal: Refusal): void {
    const page = errorPage(refusal, this.#head.requestId)
    this.#answered = true
    if (this.#head.hasBody && !this.#req.complete) this.#res.shouldKeepAlive = false
    this.#res.writeHead(page.status, page.title, page.headers)
    this.#res.end(this.#req.method === 'HEAD' ? undefined : page.body)
  }

  /** The answer is out, or the client is gone. */
  #finish(): void {
    this.#over = true
    clearTimeout(this.#timer)
    if (!this.#answered) this.#service?.answered()
    const bodyLeft = this.#head.hasBody && !this.#req.complete
    if (bodyLeft || !this.#res.writableFinished) this.#upstream?.destroy()
    this.#backend?.end(this)
    this.#traffic.accessLog.write({
      service: this.#service?.key,
      backend: this.#backend?.id,
      client: this.#req.socket.remoteAddress ?? '',
      method: this.#req.method ?? '',
      host: this.#head.host,
      target: this.#head.target,
      // As nginx has it: the client went before there was an answer.
      status: this.#res.headersSent ? this.#res.statusCode : 499,
      ms: Number((performance.now() - this.#startedAt).toFixed(2)),
      attempts: this.#attempts,
      requestId: this.#head.requestId,
    })
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) out.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return out
}
