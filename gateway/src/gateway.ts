/**
 * The embedded gateway. One primary owns the public socket, the routes on disk and the control socket; workers carry
 * the traffic, each with the connections it accepts. Routes are loaded before the first connection is taken.
 */
import type { Server as ControlServer } from 'node:http'
import { type ControlDeps, controlRoutes } from './control/control-routes.ts'
import { listenControl } from './control/control-server.ts'
import { HeldRoutes } from './control/held-routes.ts'
import { bindPublic, type PublicSocket, portOf } from './control/public-socket.ts'
import { connectPredecessor, startSuccessor } from './control/succession.ts'
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
  const predecessor = options.succeed ? connectPredecessor() : undefined
  const held = new HeldRoutes(options.stateFolder)
  await held.load()
  for (const damage of held.damaged) log('routes.damaged', damage)
  const workers = new WorkerPool(options, () => held.all())
  // Binding comes first: it is what keeps a second gateway from starting on the same port.
  const socket = await (predecessor?.publicSocket ?? bindPublic(options.listenHost, options.listenPort))
  await workers.prepare()
  if (predecessor !== undefined) {
    await predecessor.stepAside()
    await loadAgain(held, workers)
  }
  await workers.serve(socket)
  const identity = { version, listenHost: options.listenHost, listenPort: portOf(socket) }
  const shutDown = await openControl({ options, held, workers, socket, identity })
  log('gateway.started', { ...identity, services: held.all().length })
  return { listenPort: identity.listenPort, shutDown }
}

/** What the predecessor acknowledged while the workers were being prepared. */
async function loadAgain(held: HeldRoutes, workers: WorkerPool): Promise<void> {
  const before = held.all().map(({ key }) => key)
  await held.load()
  await Promise.all(held.all().map((routes) => workers.apply(routes)))
  const gone = before.filter((key) => held.get(key) === undefined)
  await Promise.all(gone.map((key) => workers.remove(key)))
}

type Running = {
  options: GatewayOptions
  held: HeldRoutes
  workers: WorkerPool
  socket: PublicSocket
  identity: ControlDeps['identity']
}

/** Answers how to end the gateway. */
async function openControl({
  options,
  held,
  workers,
  socket,
  identity,
}: Running): Promise<() => Promise<void>> {
  let control: ControlServer | undefined
  const stopTaking = once(async () => {
    // Closing it frees its path at once; the calls under way are still answered.
    control?.close()
    await held.settled()
    await workers.retire(RETIRE_WITHIN_MS)
    socket.close()
  })
  const shutDown = once(async () => {
    log('gateway.ending')
    await stopTaking()
    await workers.ended()
    log('gateway.ended')
    process.exit(0)
  })
  const handler = controlRoutes({
    held,
    workers,
    identity,
    shutDown: () => {
      void shutDown()
    },
    handOver: (command) =>
      startSuccessor(command, socket, async () => {
        await stopTaking()
        void shutDown()
      }),
  })
  control = await listenControl(options.controlSocket, handler)
  return shutDown
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => {
    running ??= run()
    return running
  }
}
