/** The node:http server of a worker: reads heads, and hands each request to its exchange. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { GatewayOptions } from '../options.ts'
import { errorPage, type Refusal, rawErrorPage, refusals } from './error-page.ts'
import { PlainExchange } from './plain-exchange.ts'
import { type ForwardedHead, forwardHead } from './request-head.ts'
import type { TrafficState } from './traffic-state.ts'
import { UpgradeExchange } from './upgrade-exchange.ts'

export function createPublicServer(traffic: TrafficState): Server {
  const server = createServer(serverOptions(traffic.options))
  server.requestTimeout = 0
  server.timeout = 0
  const plain = (req: IncomingMessage, res: ServerResponse): void => handlePlain(traffic, req, res)
  server.on('request', plain)
  server.on('checkContinue', plain)
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, early: Buffer) =>
    handleUpgrade(traffic, { req, socket: socket as Socket, early }),
  )
  server.on('clientError', (error, socket) => refuseMalformed(traffic, error, socket))
  return server
}

const serverOptions = (options: GatewayOptions) => ({
  maxHeaderSize: options.maxHeaderBytes,
  headersTimeout: options.headersTimeoutMs,
  requestTimeout: 0,
  keepAliveTimeout: options.keepAliveTimeoutMs,
  connectionsCheckingInterval: Math.max(100, Math.min(2_000, options.headersTimeoutMs / 4)),
  noDelay: true,
  insecureHTTPParser: false,
})

function readHead(traffic: TrafficState, req: IncomingMessage): ForwardedHead | Refusal {
  return forwardHead(
    {
      method: req.method ?? '',
      url: req.url ?? '',
      rawHeaders: req.rawHeaders,
      remoteAddress: plainAddress(req.socket.remoteAddress ?? ''),
    },
    traffic.headRules,
  )
}

const plainAddress = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address)

/** The last answer of each connection: what follows it on the wire must not be written into it. */
const lastAnswers = new WeakMap<Duplex, ServerResponse>()

function handlePlain(traffic: TrafficState, req: IncomingMessage, res: ServerResponse): void {
  // The connection ends with that answer: what was sent behind it is not a request to believe.
  if (lastAnswers.get(req.socket)?.shouldKeepAlive === false) return
  lastAnswers.set(req.socket, res)
  const head = readHead(traffic, req)
  if ('status' in head) {
    const page = errorPage(head, traffic.headRules.newRequestId())
    res.shouldKeepAlive = false
    res.writeHead(page.status, page.title, page.headers).end(page.body)
    return
  }
  new PlainExchange(traffic, head, { req, res }).run()
}

type UpgradeRequest = { req: IncomingMessage; socket: Socket; early: Buffer }

function handleUpgrade(traffic: TrafficState, from: UpgradeRequest): void {
  from.socket.on('error', () => from.socket.destroy())
  const head = readHead(traffic, from.req)
  // A body before the switch of protocols has no meaning a splice could keep.
  const refusal = 'status' in head ? head : head.hasBody ? refusals.badRequest : undefined
  if ('status' in head || refusal !== undefined) {
    from.socket.end(rawErrorPage(refusal ?? refusals.badRequest, traffic.headRules.newRequestId()))
    return
  }
  new UpgradeExchange(traffic, head, from).run()
}

const byErrorCode: Record<string, Refusal> = {
  HPE_HEADER_OVERFLOW: refusals.headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: refusals.headTooSlow,
}

function refuseMalformed(traffic: TrafficState, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const answer = lastAnswers.get(socket)
  if (answer?.headersSent && !answer.closed) {
    socket.end(() => socket.destroy())
    return
  }
  const refusal = byErrorCode[error.code ?? ''] ?? refusals.badRequest
  socket.end(rawErrorPage(refusal, traffic.headRules.newRequestId()), () => socket.destroy())
}
