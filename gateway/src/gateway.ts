/**
 * The embedded gateway. One primary owns the public socket, the routes on disk and the control socket; workers carry
 * the traffic, each with the connections it accepts. Routes are loaded before the first connection is taken.
 */
import type { Server as ControlServer } from 'node:http'
import { controlRoutes } from './control/control-routes.ts'
import { listenControl } from './control/control-server.ts'
import { HeldRoutes } from './control/held-routes.ts'
import { bindPublic, type PublicSocket, portOf } from './control/public-socket.ts'
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
  const socket = await bindPublic(options.listenHost, options.listenPort)
  const listenPort = portOf(socket)
  await workers.prepare()
  await workers.serve(socket)
  let control: ControlServer | undefined
  const shutDown = once(() => endGateway({ socket, workers, control: () => control }))
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

type Running = { socket: PublicSocket; workers: WorkerPool; control: () => ControlServer | undefined }

async function endGateway({ socket, workers, control }: Running): Promise<void> {
  log('gateway.ending')
  socket.close()
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
