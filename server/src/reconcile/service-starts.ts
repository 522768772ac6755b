import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../db/db.ts'
import { type InstanceRow, insertInstance, moveInstance } from '../db/instances.ts'
import { newId, withLease } from '../db/work.ts'
import { present } from '../lib/assert.ts'
import { recordInstance } from './instance-event.ts'
import { exited, observeInstance } from './instance-observation.ts'
import { instanceSpec } from './instance-spec.ts'
import type { Action } from './rollout-model.ts'
import type { ObservedInstance } from './runtime-port.ts'
import { rowOf } from './service-actions.ts'
import type { Pass } from './service-deps.ts'
import { runtimeIdOf } from './service-instance.ts'
import type { ServiceWorld } from './service-world.ts'

const STARTS_AT_ONCE = 8

/** Starts what was planned to start, side by side; new instances are written down first. True: there were some. */
export async function performStarts(
  pass: Pass,
  world: ServiceWorld,
  actions: readonly Action[],
): Promise<boolean> {
  const waiting = actions.flatMap((action) => (action.do === 'start' ? [rowOf(world, action.instance)] : []))
  for (const action of actions) {
    pass.signal.throwIfAborted()
    if (action.do === 'create') waiting.push(...(await create(pass, world, action)))
  }
  for (let i = 0; i < waiting.length; i += STARTS_AT_ONCE) {
    pass.signal.throwIfAborted()
    await Promise.all(waiting.slice(i, i + STARTS_AT_ONCE).map((row) => start(pass, world, row)))
  }
  return waiting.length > 0
}

/** The rows are written as starting at once: what is created here is started next. */
async function create(
  pass: Pass,
  { rollout }: ServiceWorld,
  { revision, count }: Extract<Action, { do: 'create' }>,
): Promise<InstanceRow[]> {
  const rolloutId = rollout?.state === 'running' && rollout.revision_id === revision ? rollout.id : null
  const rows = await withLease(pass.deps.db, pass.item, async (tx) => {
    const made: InstanceRow[] = []
    for (let i = 0; i < count; i += 1) {
      const row = await insertInstance(tx, pass.key, { id: newId(), revisionId: revision, rolloutId })
      await recordInstance(tx, pass.key, row, 'created')
      made.push(await nextAttempt(tx, pass, row))
    }
    return made
  })
  pass.deps.crash.hit('service.after-create')
  return rows
}

/** The row names the attempt before the runtime starts it, so that a start that was interrupted is found again. */
async function nextAttempt(tx: Tx, { key }: Pass, row: InstanceRow): Promise<InstanceRow> {
  const again = row.state === 'crashed'
  const change = {
    attempt: again ? row.attempt + 1 : row.attempt,
    restarts: row.restarts + (again ? 1 : 0),
    addresses: {},
    probes: {},
    started_at: null,
    ready_at: null,
    next_start_at: null,
  }
  const next: InstanceRow = { ...row, ...change, state: 'starting' }
  await moveInstance(tx, row.id, 'starting', change)
  await recordInstance(tx, key, next, 'starting')
  return next
}

async function start(pass: Pass, world: ServiceWorld, row: InstanceRow): Promise<void> {
  const { deps, item, key } = pass
  const next =
    row.state === 'starting' ? row : await withLease(deps.db, item, (tx) => nextAttempt(tx, pass, row))
  deps.crash.hit('service.before-start')
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
  return observeInstance(next, { seen, states: undefined, checks: [] }, now())
}
