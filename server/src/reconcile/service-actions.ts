import { type InstanceChange, type InstanceRow, moveInstance, updateInstance } from '../db/instances.ts'
import { deleteService } from '../db/service-deployment.ts'
import { wakeRunsWaitingFor } from '../db/waiters.ts'
import { schedule, withLease } from '../db/work.ts'
import { assertNever, present } from '../lib/assert.ts'
import { graceMsOf } from './desired-service.ts'
import { recordInstance } from './instance-event.ts'
import { concludeRollout } from './rollout-conclusion.ts'
import type { Action } from './rollout-model.ts'
import type { Pass } from './service-deps.ts'
import { runtimeIdOf } from './service-instance.ts'
import { gatewayKey } from './service-routes.ts'
import type { ServiceWorld } from './service-world.ts'

type Change = Exclude<Action, { do: 'start' | 'create' | 'stop' }>

/** Performs what comes before the gateway is told: everything but starts and stops. */
export async function performChanges(
  pass: Pass,
  world: ServiceWorld,
  actions: readonly Action[],
): Promise<void> {
  for (const action of actions) {
    pass.signal.throwIfAborted()
    if (action.do !== 'start' && action.do !== 'create' && action.do !== 'stop')
      await perform(pass, world, action)
  }
}

/** Begins to end what was planned to end. They go on behind. */
export async function performStops(
  pass: Pass,
  world: ServiceWorld,
  actions: readonly Action[],
): Promise<void> {
  for (const action of actions) {
    pass.signal.throwIfAborted()
    if (action.do === 'stop') await stop(pass, world, rowOf(world, action.instance))
  }
}

async function perform(pass: Pass, world: ServiceWorld, action: Change): Promise<void> {
  switch (action.do) {
    case 'begin':
    case 'complete':
    case 'fail':
      return concludeRollout(pass, world, action)
    case 'restart':
      return endBehind(pass, world, rowOf(world, action.instance))
    case 'discard':
      return move(pass, rowOf(world, action.instance), 'gone', { ended_at: pass.deps.clock.now() })
    case 'calm':
      return withLease(pass.deps.db, pass.item, (tx) =>
        updateInstance(tx, action.instance, { crash_looping: false }),
      )
    case 'drain':
      // Done by the routes: the gateway's word is what makes an instance drain.
      return undefined
    case 'forget':
      return forget(pass)
    default:
      return assertNever(action)
  }
}

export const rowOf = (world: ServiceWorld, id: string): InstanceRow =>
  present(
    world.rows.find((row) => row.id === id),
    'a planned instance has a row',
  )

async function stop(pass: Pass, world: ServiceWorld, row: InstanceRow): Promise<void> {
  if (row.state !== 'stopping') await move(pass, row, 'stopping', { ready: false, routed: false })
  pass.deps.crash.hit('service.before-stop')
  await endBehind(pass, world, row)
}

/** SIGTERM, grace, SIGKILL, while this pass goes on; the service is looked at again when it is over. */
async function endBehind(pass: Pass, world: ServiceWorld, row: InstanceRow): Promise<void> {
  const { deps } = pass
  deps.endings.begin(runtimeIdOf(row), graceMsOf(world.service), () => {
    schedule(deps.db, 'service', gatewayKey(pass)).catch((error: unknown) =>
      deps.log.warn({ err: error, service: gatewayKey(pass) }, 'cannot ask for a look at a service'),
    )
  })
}

async function move(
  pass: Pass,
  row: InstanceRow,
  to: 'stopping' | 'gone',
  change: InstanceChange,
): Promise<void> {
  await withLease(pass.deps.db, pass.item, async (tx) => {
    if (await moveInstance(tx, row.id, to, change)) await recordInstance(tx, pass.key, row, to)
  })
}

async function forget(pass: Pass): Promise<void> {
  const { deps, item, key } = pass
  await deps.traffic.remove(gatewayKey(pass))
  deps.crash.hit('service.before-forget')
  await withLease(deps.db, item, async (tx) => {
    await wakeRunsWaitingFor(tx, 'service', gatewayKey(pass))
    await deleteService(tx, key)
  })
}
