import { recordEvent } from '../db/events.ts'
import { type InstanceRow, listInstances, moveInstance, updateInstance } from '../db/instances.ts'
import { addToReceipt } from '../db/rollouts.ts'
import { setObservedDeployment } from '../db/service-deployment.ts'
import { wakeRunsWaitingFor } from '../db/waiters.ts'
import { type WorkItem, withLease } from '../db/work.ts'
import { desiredService, drainMsOf } from './desired-service.ts'
import { recordInstance } from './instance-event.ts'
import { type Observation, observeInstance } from './instance-observation.ts'
import type { ProbeTarget } from './probes/prober.ts'
import type { ServiceInstance, ServicePlan } from './rollout-model.ts'
import { planService } from './rollout-plan.ts'
import { probeAddress } from './run-config.ts'
import { performChanges, performStops } from './service-actions.ts'
import type { Pass, ServiceDeps } from './service-deps.ts'
import { plannedInstance, runtimeIdOf } from './service-instance.ts'
import { applyRoutes, gatewayKey, isPublic } from './service-routes.ts'
import { performStarts } from './service-starts.ts'
import { checksOf, loadService, type ServiceWorld } from './service-world.ts'
import type { ServiceReport } from './traffic-port.ts'

/** So many steps are taken under one lease before others get their turn. */
const STEPS_AT_MOST = 40

/**
 * Keeps services as they are wanted, level-triggered: look at the rows, the runtime, the probes and the gateway, write
 * down what was seen, plan the next safe step, perform it, and look again until there is nothing to do.
 */
export function serviceHandler(deps: ServiceDeps) {
  return async (item: WorkItem, signal: AbortSignal): Promise<{ wakeAfterMs: number | null }> => {
    const [projectId = '', serviceId = ''] = item.key.split('/')
    const pass: Pass = { deps, item, key: { projectId, serviceId }, signal }
    let look = true
    for (let step = 0; step < STEPS_AT_MOST; step += 1) {
      signal.throwIfAborted()
      const verdicts = deps.verdicts.count(item.key)
      const { next, wakeAt, isAwaited } = await takeStep(pass, look)
      look = next !== 'plan'
      if (next !== 'rest') continue
      const wakeAfterMs = wakeAt && Math.max(1, wakeAt.getTime() - deps.clock.now().getTime())
      if (!isAwaited) return { wakeAfterMs }
      const ms = Math.min(wakeAfterMs ?? AWAITED_MS, AWAITED_MS)
      await deps.verdicts.next(item.key, verdicts, { ms, signal })
    }
    return { wakeAfterMs: 0 }
  }
}

/**
 * `plan`: something was written down or done, and the runtime was looked at a moment ago. `isAwaited`: an instance began
 * just now and will soon be ready, so the pass stays with it instead of coming back.
 */
type Step = { next: 'look' | 'plan' | 'rest'; wakeAt: Date | null; isAwaited?: boolean }
const DONE: Step = { next: 'rest', wakeAt: null }
const AWAITED_MS = 250
const JUST_NOW_MS = 1_000

async function takeStep(pass: Pass, mustLook: boolean): Promise<Step> {
  const { deps } = pass
  const world = await loadService(pass)
  if (world === undefined || world.service.kind === 'build') {
    deps.prober.follow(gatewayKey(pass), [])
    return world?.service.deleting ? forgetBuildService(pass, world) : DONE
  }
  followProbes(pass, world)
  if (world.rollout?.state === 'running') deps.receipts.follow(gatewayKey(pass), world.rollout.id)
  const report = await reportOf(pass, world)
  if (mustLook && (await writeObservations(pass, world, report))) return { next: 'plan', wakeAt: null }
  const desired = desiredService(world.service, {
    rollout: world.rollout,
    hasVolume: world.hasVolume,
    hasRoutes: isPublic(deps, world),
  })
  const plan = planService(desired, instancesOf(pass, world, report), deps.clock.now())
  await performChanges(pass, world, plan.actions)
  const gone = plan.actions.some((action) => action.do === 'forget')
  if (gone) return DONE
  const routed = await applyRoutes(pass, { ...world, rows: await listInstances(deps.db, pass.key) }, plan)
  await writeStatus(pass, world, plan)
  // A start takes long, so those who call come first; and it takes longer while another instance ends, so that waits.
  const started = await performStarts(pass, world, plan.actions)
  if (!started) await performStops(pass, world, plan.actions)
  const acted = plan.actions.length > 0 || routed
  if (acted) return { next: started ? 'look' : 'plan', wakeAt: null }
  return { next: mustLook ? 'rest' : 'look', wakeAt: plan.wakeAt, isAwaited: isAwaited(pass, world) }
}

const isAwaited = ({ deps }: Pass, { rows }: ServiceWorld): boolean =>
  rows.some(
    ({ state, ready, started_at: startedAt }) =>
      state === 'running' &&
      !ready &&
      startedAt !== null &&
      deps.clock.now().getTime() - startedAt.getTime() < JUST_NOW_MS,
  )

/** A build service runs nothing, so nothing has to end first. */
async function forgetBuildService(pass: Pass, world: ServiceWorld): Promise<Step> {
  await performChanges(pass, world, [{ do: 'forget' }])
  return DONE
}

/** From now on the instances that run are asked how they are. */
function followProbes({ deps, ...pass }: Pass, world: ServiceWorld): void {
  const targets = world.rows
    .filter(({ state }) => state === 'running')
    .map((row) => targetOf(world, row))
    .filter(({ checks }) => checks.length > 0)
  deps.prober.follow(gatewayKey(pass), targets)
}

function targetOf(world: ServiceWorld, row: InstanceRow): ProbeTarget {
  const checks = checksOf(world, row)
  const ports = world.revisions.get(row.revision_id)?.settings.ports ?? []
  return {
    instance: row.id,
    attempt: row.attempt,
    startedAt: row.started_at ?? row.created_at,
    checks,
    addresses: Object.fromEntries(
      checks.map((check) => [check.type, probeAddress(check, ports, row.addresses)]),
    ),
    known: row.probes,
  }
}

/** The gateway is asked only while something drains. A gateway that does not answer says nothing. */
async function reportOf(pass: Pass, world: ServiceWorld): Promise<ServiceReport | undefined> {
  if (!world.rows.some(({ state }) => state === 'draining')) return undefined
  try {
    return await pass.deps.traffic.report(gatewayKey(pass))
  } catch (error) {
    pass.deps.log.warn({ err: error, service: gatewayKey(pass) }, 'the gateway does not tell what drains')
    return undefined
  }
}

type Seen = { row: InstanceRow; observation: Observation }

/** Reality first: what ended, runs or became ready is written before anything is decided. True: something was new. */
async function writeObservations(
  pass: Pass,
  world: ServiceWorld,
  report: ServiceReport | undefined,
): Promise<boolean> {
  const { deps, item, key } = pass
  const looked = await Promise.all(world.rows.map((row) => look(pass, world, row)))
  const news = looked.filter((one) => one !== undefined)
  if (news.length === 0) return false
  await withLease(deps.db, item, async (tx) => {
    for (const { row, observation } of news) {
      const { to, change } = observation
      if (to === undefined) await updateInstance(tx, row.id, change)
      else await moveInstance(tx, row.id, to, change)
      const what = to ?? (change.ready ? 'ready' : 'unready')
      await recordInstance(tx, key, row, what)
      const cut = report?.backends.find(({ id }) => id === runtimeIdOf(row))?.cut ?? 0
      if (to === 'gone' && cut > 0 && world.rollout) {
        await addToReceipt(tx, world.rollout.id, { drained: -cut, cut })
      }
    }
  })
  deps.crash.hit('service.after-observed')
  return true
}

async function look({ deps }: Pass, world: ServiceWorld, row: InstanceRow): Promise<Seen | undefined> {
  if (row.state === 'created' || row.state === 'crashed') return undefined
  // The engine answers about one that it ends only when it has; whoever ends it says so.
  if (row.state === 'stopping' && deps.endings.has(runtimeIdOf(row))) return undefined
  const seen = await deps.runtime.observe(runtimeIdOf(row))
  const states = deps.prober.statesOf(row.id, row.attempt) ?? row.probes
  const observation = observeInstance(row, { seen, states, checks: checksOf(world, row) }, deps.clock.now())
  return observation && { row, observation }
}

const instancesOf = (
  { deps }: Pass,
  world: ServiceWorld,
  report: ServiceReport | undefined,
): ServiceInstance[] =>
  world.rows.map((row) =>
    plannedInstance(row, {
      checks: checksOf(world, row),
      states: deps.prober.statesOf(row.id, row.attempt) ?? row.probes,
      ending: deps.endings.has(runtimeIdOf(row)),
      report,
      drainMs: drainMsOf(world.service),
    }),
  )

/** The status follows from what was seen; those who wait for the service look when it changes. */
async function writeStatus(
  pass: Pass,
  { service }: ServiceWorld,
  { status, actions }: ServicePlan,
): Promise<void> {
  // What concludes a rollout writes the status with it; the next step sees the rest.
  if (actions.some(({ do: what }) => what === 'begin' || what === 'complete' || what === 'fail')) return
  if (isWritten(service, status)) return
  const { deps, item, key } = pass
  await withLease(deps.db, item, async (tx) => {
    const observed = { ...status, desired: service.desired_revision }
    if (!(await setObservedDeployment(tx, key, observed))) return
    const subject = gatewayKey(pass)
    await recordEvent(tx, {
      projectId: key.projectId,
      topic: 'service',
      subject,
      type: 'service.status',
      data: status,
    })
    await wakeRunsWaitingFor(tx, 'service', subject)
  })
}

const isWritten = (
  service: ServiceWorld['service'],
  { status, reason, message }: ServicePlan['status'],
): boolean =>
  service.deployment_status === status &&
  service.deployment_reason === reason &&
  service.deployment_message === message
