import { FairwayError } from '@fairway/contract/errors'
import {
  type InstanceChange,
  type InstanceRow,
  insertInstance,
  moveInstance,
  updateInstance,
} from '../db/instances.ts'
import { deleteService } from '../db/service-deployment.ts'
import { wakeRunsWaitingFor } from '../db/waiters.ts'
import { newId, schedule, withLease } from '../db/work.ts'
import { assertNever, present } from '../lib/assert.ts'
import { graceMsOf } from './desired-service.ts'
import { recordInstance } from './instance-event.ts'
import { exited, observeInstance } from './instance-observation.ts'
import { instanceSpec } from './instance-spec.ts'
import { concludeRollout } from './rollout-conclusion.ts'
import type { Action } from './rollout-model.ts'
import type { ObservedInstance } from './runtime-port.ts'
import type { Pass } from './service-deps.ts'
import { runtimeIdOf } from './service-instance.ts'
import { gatewayKey } from './service-routes.ts'
import type { ServiceWorld } from './service-world.ts'

const STARTS_AT_ONCE = 8

/** Performs what was planned. Starts go side by side, everything else in order. */
export async function performActions(
  pass: Pass,
  world: ServiceWorld,
  actions: readonly Action[],
): Promise<void> {
  const starts = actions.filter((action) => action.do === 'start')
  for (const action of actions) {
    pass.signal.throwIfAborted()
    if (action.do !== 'start') await perform(pass, world, action)
  }
  for (let i = 0; i < starts.length; i += STARTS_AT_ONCE) {
    pass.signal.throwIfAborted()
    const batch = starts.slice(i, i + STARTS_AT_ONCE)
    await Promise.all(batch.map(({ instance }) => start(pass, world, rowOf(world, instance))))
  }
}

type Other = Exclude<Action, { do: 'start' }>

async function perform(pass: Pass, world: ServiceWorld, action: Other): Promise<void> {
  switch (action.do) {
    case 'begin':
    case 'complete':
    case 'fail':
      return concludeRollout(pass, world, action)
    case 'create':
      return create(pass, world, action)
    case 'restart':
      return endBehind(pass, world, rowOf(world, action.instance))
    case 'stop':
      return stop(pass, world, rowOf(world, action.instance))
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

const rowOf = (world: ServiceWorld, id: string): InstanceRow =>
  present(
    world.rows.find((row) => row.id === id),
    'a planned instance has a row',
  )

async function create(
  pass: Pass,
  { rollout }: ServiceWorld,
  { revision, count }: Extract<Action, { do: 'create' }>,
): Promise<void> {
  const rolloutId = rollout?.state === 'running' && rollout.revision_id === revision ? rollout.id : null
  await withLease(pass.deps.db, pass.item, async (tx) => {
    for (let i = 0; i < count; i += 1) {
      const id = newId()
      await insertInstance(tx, pass.key, { id, revisionId: revision, rolloutId })
      await recordInstance(tx, pass.key, { id, revision_id: revision, attempt: 0 }, 'created')
    }
  })
  pass.deps.crash.hit('service.after-create')
}

/** The row names the attempt before the runtime starts it, so that a start that was interrupted is found again. */
async function start(pass: Pass, world: ServiceWorld, row: InstanceRow): Promise<void> {
  const { deps, item, key } = pass
  const again = row.state === 'crashed'
  const next = { ...row, attempt: again ? row.attempt + 1 : row.attempt }
  if (row.state !== 'starting') {
    const fresh: InstanceChange = {
      attempt: next.attempt,
      restarts: row.restarts + (again ? 1 : 0),
      addresses: {},
      probes: {},
      started_at: null,
      ready_at: null,
      next_start_at: null,
    }
    await withLease(deps.db, item, async (tx) => {
      await moveInstance(tx, row.id, 'starting', fresh)
      await recordInstance(tx, key, next, 'starting')
    })
    deps.crash.hit('service.before-start')
  }
  const observation = await tryStart(pass, world, next)
  deps.crash.hit('service.after-start')
  await withLease(deps.db, item, async (tx) => {
    if (observation?.to === undefined) return
    await moveInstance(tx, row.id, observation.to, observation.change)
    await recordInstance(tx, key, next, observation.to)
  })
  deps.crash.hit('service.after-started')
  // The attempt before this one is kept for its log; the ones before that are not.
  if (next.attempt >= 2) await deps.runtime.remove(runtimeIdOf({ id: row.id, attempt: next.attempt - 2 }))
}

/** A start that fails is an exit like any other: it is tried again after a while, and counts against a rollout. */
async function tryStart(pass: Pass, world: ServiceWorld, next: InstanceRow) {
  const { deps } = pass
  const now = () => deps.clock.now()
  let seen: ObservedInstance
  try {
    const revision = present(world.revisions.get(next.revision_id), 'an instance has a revision')
    const spec = await instanceSpec(deps, { service: world.service, revision, instance: next })
    seen = await deps.runtime.start(spec)
  } catch (error) {
    if (!(error instanceof FairwayError)) throw error
    deps.log.warn({ err: error, instance: next.id }, 'an instance cannot be started')
    return exited({ ...next, started_at: null }, { message: error.message }, now())
  }
  return observeInstance({ ...next, state: 'starting' }, { seen, states: undefined, checks: [] }, now())
}

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
