/** For tests: an instance behind the gateway, in this process, that can do what instances do. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { GatewayBackend } from '@fairway/contract/gateway'
import { WebSocketServer } from 'ws'

export type TestInstance = {
  id: string
  port: number
  server: Server
  /** Every request head it got, in order. */
  seen: IncomingMessage[]
  sockets: Set<Socket>
  webSockets: WebSocketServer
  /** Close codes its WebSockets ended with. */
  webSocketCloses: number[]
  active: GatewayBackend
  draining: GatewayBackend
  stop(): Promise<void>
}

/** Answers `id` to everything, unless `behave` does it. Echoes WebSocket messages. */
export async function startInstance(id: string, behave?: RequestListener): Promise<TestInstance> {
  const seen: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const webSocketCloses: number[] = []
  const answer: RequestListener = (req, res) => {
    seen.push(req)
    if (behave !== undefined) return behave(req, res)
    req.resume()
    req.on('end', () => res.writeHead(200, { 'content-type': 'text/plain' }).end(id))
  }
  const server = createServer({ keepAliveTimeout: 60_000, highWaterMark: 16 * 1024 }, answer)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const webSockets = new WebSocketServer({ server })
  webSockets.on('headers', (headers) => headers.push(`x-instance: ${id}`))
  webSockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }))
    socket.on('close', (code) => webSocketCloses.push(code))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  const backend = { id, host: '127.0.0.1', port }
  return {
    id,
    port,
    server,
    seen,
    sockets,
    webSockets,
    webSocketCloses,
    active: { ...backend, state: 'active' },
    draining: { ...backend, state: 'draining' },
    stop: async () => {
      const closed = once(server, 'close')
      for (const socket of webSockets.clients) socket.terminate()
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

export function portOf(server: { address(): unknown }): number {
  const address = server.address() as { port: number }
  return address.port
}
