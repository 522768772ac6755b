/**
 * The embedded gateway. One primary owns the public socket, the routes on disk and the control socket; workers carry
 * the traffic, each with a share of the connections. Routes are loaded before the first connection is taken.
 */
import type { Server as ControlServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { controlRoutes } from './control/control-routes.ts'
import { listenControl } from './control/control-server.ts'
import { HeldRoutes } from './control/held-routes.ts'
import { WorkerPool } from './control/worker-pool.ts'
import { log } from './log.ts'
import type { GatewayOptions } from './options.ts'

const RETIRE_WITHIN_MS = 10_000

export type Gateway = {
  listenPort: number
  /** Takes no more connections, lets what is under way finish for ten seconds. */
  shutDown(): Promise<void>
}

export async function startGateway(options: GatewayOptions, version: string): Promise<Gateway> {
  const held = new HeldRoutes(options.stateFolder)
  await held.load()
  for (const damage of held.damaged) log('routes.damaged', damage)
  const workers = new WorkerPool(options, () => held.all())
  // Binding comes first: it is what keeps a second gateway from starting on the same port.
  const listener = await listenPublic(options, workers)
  await workers.start()
  const listenPort = portOf(listener)
  let control: ControlServer | undefined
  const shutDown = once(() => endGateway({ listener, workers, control: () => control }))
  const identity = { version, listenHost: options.listenHost, listenPort }
  control = await listenControl(
    options.controlSocket,
    controlRoutes({
      held,
      workers,
      identity,
      shutDown: () => {
        void shutDown()
      },
    }),
  )
  log('gateway.started', { ...identity, services: held.all().length })
  return { listenPort, shutDown }
}

function listenPublic(options: GatewayOptions, workers: WorkerPool): Promise<Server> {
  const listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    workers.dispatch(socket)
  })
  return new Promise((resolve, reject) => {
    listener.once('error', reject)
    listener.listen({ host: options.listenHost, port: options.listenPort, backlog: 4096 }, () => {
      listener.off('error', reject)
      // Out of file descriptors, for instance: the next connection may do.
      listener.on('error', (error) => log('listener.failed', { reason: error.message }))
      resolve(listener)
    })
  })
}

type Running = { listener: Server; workers: WorkerPool; control: () => ControlServer | undefined }

async function endGateway({ listener, workers, control }: Running): Promise<void> {
  log('gateway.ending')
  listener.close()
  await workers.retire(RETIRE_WITHIN_MS)
  control()?.close()
  log('gateway.ended')
  process.exit(0)
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => {
    running ??= run()
    return running
  }
}

function portOf(listener: Server): number {
  const address = listener.address()
  if (address === null || typeof address === 'string')
    throw new Error('broken invariant: listening on a TCP port')
  return address.port
}
