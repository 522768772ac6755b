/** For tests: an instance behind a traffic layer, in this process. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { GatewayBackend } from '@fairway/contract/gateway'
import { WebSocketServer } from 'ws'

export type TestInstance = {
  id: string
  requests(): number
  active: GatewayBackend
  draining: GatewayBackend
  stop(): Promise<void>
}

/** Answers its id to everything, unless `behave` does it; echoes WebSocket messages. */
export async function startInstance(id: string, behave?: RequestListener): Promise<TestInstance> {
  let requests = 0
  const server: Server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => {
    requests += 1
    if (behave === undefined) res.end(id)
    else behave(req, res)
  })
  const webSockets = new WebSocketServer({ server })
  webSockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const backend = { id, host: '127.0.0.1', port }
  return {
    id,
    requests: () => requests,
    active: { ...backend, state: 'active' },
    draining: { ...backend, state: 'draining' },
    stop: async () => {
      for (const socket of webSockets.clients) socket.terminate()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
