/** A worker: takes connections and routes from the primary, and ends when the primary does. */
import { Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { log, messageOf } from '../log.ts'
import type { ToPrimary, ToWorker, WorkerReport } from '../messages.ts'
import type { GatewayOptions } from '../options.ts'
import { noAccessLog, openAccessLog } from './access-log.ts'
import { createPublicServer } from './public-server.ts'
import { TrafficState } from './traffic-state.ts'

const RETIRE_LINGER_MS = 1_000
/** After WebSockets were told to go. */
const LAST_WORDS_MS = 2_000
const BACKLOG = 4_096

type Start = { number: number; options: GatewayOptions }

function start({ number, options }: Start): void {
  const { enabled, maxBytes, keep } = options.accessLog
  const path = join(options.stateFolder, `access-${number}.log`)
  const accessLog = enabled ? openAccessLog({ path, maxBytes, keep }) : noAccessLog
  const traffic = new TrafficState(options, accessLog)
  const server = createPublicServer(traffic)
  const open = new Set<Socket>()

  const tell = (message: ToPrimary): void => {
    process.send?.(message)
  }
  const done = (id: number, value?: WorkerReport): void =>
    tell(value === undefined ? { type: 'done', id } : { type: 'done', id, value })

  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })

  const retire = (withinMs: number): void => {
    traffic.retiring = true
    // Takes no more connections. (node:http's own close would end idle ones at once.)
    Server.prototype.close.call(server)
    // Busy clients learn with their next answer that the connection ends; only then are idle ones closed.
    const closeIdleFrom = performance.now() + Math.min(RETIRE_LINGER_MS, withinMs / 2)
    const leave = (): void => {
      accessLog.close()
      process.exit(0)
    }
    setTimeout(() => traffic.cutAll(), withinMs)
    setTimeout(leave, withinMs + LAST_WORDS_MS)
    setInterval(() => {
      if (performance.now() > closeIdleFrom) server.closeIdleConnections()
      if (open.size === 0) leave()
    }, 50)
  }

  process.on('message', (message: ToWorker, socket: object) => {
    switch (message.type) {
      case 'serve':
        server.listen(socket, BACKLOG, () => done(message.id))
        return
      case 'apply':
        traffic.apply(message.routes)
        return done(message.id)
      case 'remove':
        traffic.remove(message.key)
        return done(message.id)
      case 'report':
        return done(message.id, { services: traffic.snapshot() })
      case 'retire':
        done(message.id)
        return retire(message.withinMs)
    }
  })
  // Without its primary a worker would serve routes that nobody can change any more.
  process.once('disconnect', () => process.exit(0))
  tell({ type: 'ready' })
}

process.on('uncaughtException', (error) => {
  log('worker.crashed', { reason: messageOf(error), stack: error.stack })
  process.exit(1)
})
// The terminal's and the supervisor's signals are for the primary, which ends its workers in order.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
start(JSON.parse(process.argv[2] ?? '') as Start)
