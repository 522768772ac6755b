import { judgeRollout, progressDeadline } from './rollout-judge.ts'
import {
  type Action,
  CRASH_LOOP_WINDOW_MS,
  type DeploymentStatus,
  type DesiredService,
  isLive,
  isServing,
  type ServiceInstance,
  type ServicePlan,
} from './rollout-model.ts'
import { isReplaceable, planReplacement, retireAction } from './rollout-replace.ts'

/**
 * Decides the next safe steps for one service. Pure: no I/O, no clock, no ids.
 *
 * A pass either moves the rollout itself, or instances; each decision is made from counts that are true now, and the
 * next one waits for what was observed. Deletion and pausing are services that want no instances.
 */
export function planService(
  desired: DesiredService,
  instances: readonly ServiceInstance[],
  now: Date,
): ServicePlan {
  const verdict = judgeRollout(desired, instances, now)
  const status = statusOf(desired, instances)
  const wakeAt = nextMoment(desired, instances, now)
  if (verdict !== undefined) return { actions: [verdict], routes: routesOf(instances, []), status, wakeAt }
  const { retire, create } = planReplacement(desired, instances, now)
  const staying = instances.filter((one) => !retire.includes(one))
  const startsUp = isInWaves(desired, instances) || instances.some((one) => isStartingUp(one, now))
  const actions = [
    ...retire.map(retireAction),
    ...staying.flatMap((one) => (startsUp && mayWait(one, now) ? [] : ownStep(one, desired, now))),
    ...inPlaceRestarts(staying, desired),
    ...(create > 0 && desired.revision !== null
      ? [{ do: 'create', revision: desired.revision, count: create } as const]
      : []),
    ...(desired.deleting && instances.length === 0 ? [{ do: 'forget' } as const] : []),
  ]
  return { actions, routes: routesOf(instances, retire), status, wakeAt }
}

/** What an instance that stays needs next, whatever the others do. */
function ownStep(one: ServiceInstance, desired: DesiredService, now: Date): Action[] {
  switch (one.state) {
    case 'created':
    case 'starting':
      return [{ do: 'start', instance: one.id }]
    case 'crashed':
      return one.nextStartAt === null || one.nextStartAt <= now ? [{ do: 'start', instance: one.id }] : []
    case 'running':
      return one.crashLooping && calmAt(one) <= now ? [{ do: 'calm', instance: one.id }] : []
    case 'draining':
      return isDrained(one, desired, now) ? [{ do: 'stop', instance: one.id }] : []
    case 'stopping':
      return one.ending ? [] : [{ do: 'stop', instance: one.id }]
  }
}

/** How long an instance that starts, and one that waits for it, are given way to. */
const STARTS_FIRST_MS = 1_000

/** The next one is about to start. */
const isInWaves = (
  { rollout, revision, instances: wanted }: DesiredService,
  all: readonly ServiceInstance[],
) =>
  rollout?.state === 'running' &&
  all.filter((one) => isLive(one) && one.revision === revision).length < wanted

const isStartingUp = ({ state, startedAt, readySince }: ServiceInstance, now: Date): boolean =>
  state === 'running' &&
  readySince === null &&
  startedAt !== null &&
  now.getTime() - startedAt.getTime() < STARTS_FIRST_MS

/** A drained instance disturbs nobody; ending it takes from what another one needs to become ready. */
const mayWait = ({ state, drain }: ServiceInstance, now: Date): boolean =>
  state === 'draining' && drain?.drained === true && drain.deadline > now && now < waitsUntil({ drain })

const waitsUntil = ({ drain }: Pick<ServiceInstance, 'drain'>): Date =>
  new Date((drain?.since.getTime() ?? 0) + STARTS_FIRST_MS)

const calmAt = ({ startedAt }: ServiceInstance): Date =>
  new Date((startedAt?.getTime() ?? 0) + CRASH_LOOP_WINDOW_MS)

const isDrained = ({ drain }: ServiceInstance, { hasRoutes }: DesiredService, now: Date): boolean =>
  drain === null || !hasRoutes || drain.drained || drain.deadline <= now

/**
 * Sick instances that no surge can replace. Those that serve nobody are restarted at once; of those that still serve,
 * one at a time and only while all others serve.
 */
function inPlaceRestarts(staying: readonly ServiceInstance[], desired: DesiredService): Action[] {
  const live = staying.filter(isLive)
  const sick = live.filter(
    (one) => one.sick !== null && one.state === 'running' && !isReplaceable(one, desired),
  )
  const idle = sick.filter((one) => !isServing(one, desired))
  const serving = live.every((one) => isServing(one, desired) && !one.ending) ? sick.slice(0, 1) : []
  return [...idle, ...serving]
    .filter(({ ending }) => !ending)
    .map(({ id }) => ({ do: 'restart', instance: id }))
}

function routesOf(
  instances: readonly ServiceInstance[],
  retire: readonly ServiceInstance[],
): ServicePlan['routes'] {
  const staying = instances.filter((one) => isLive(one) && !retire.includes(one))
  return {
    active: staying
      .filter(({ state, readySince }) => state === 'running' && readySince !== null)
      .map(({ id }) => id),
    draining: [
      ...instances.filter(({ state }) => state === 'draining'),
      ...retire.filter(({ state, routed }) => state === 'running' && routed),
    ].map(({ id }) => id),
  }
}

function statusOf(desired: DesiredService, instances: readonly ServiceInstance[]): DeploymentStatus {
  if (desired.rollout !== null) {
    const status = desired.rollout.state === 'pending' ? 'PENDING' : 'IN_PROGRESS'
    return { status, reason: 'DEPLOYING', message: null }
  }
  if (desired.failure !== null) return { status: 'FAILED', reason: 'DEPLOYING', message: desired.failure }
  if (desired.revision === null) return { status: 'PENDING', reason: 'DEPLOYING', message: null }
  const live = instances.filter(isLive)
  const serving = live.filter((one) => isServing(one, desired)).length
  const message = warningOf(live, { serving, wanted: desired.instances })
  const settled = serving === desired.instances && live.length === desired.instances
  if (settled) return { status: 'COMPLETED', reason: desired.reason, message }
  return { status: 'IN_PROGRESS', reason: 'SCALING', message }
}

function warningOf(
  live: readonly ServiceInstance[],
  { serving, wanted }: { serving: number; wanted: number },
): string | null {
  const looping = live.filter(({ crashLooping }) => crashLooping).length
  if (looping > 0) {
    return `${looping} of ${live.length} instances exit again and again. Look at the last lines of their logs.`
  }
  return serving < wanted ? `${serving} of ${wanted} instances are ready.` : null
}

const FIRST_DRAIN_POLL_MS = 20
const LAST_DRAIN_POLL_MS = 500
/** In case the runtime's word that it ended an instance gets lost. */
const ENDING_CHECK_MS = 5000

function nextMoment(desired: DesiredService, instances: readonly ServiceInstance[], now: Date): Date | null {
  const moments = [
    progressDeadline(desired, instances),
    ...instances.flatMap((one) => momentsOf(one, desired, now)),
  ]
  const future = moments.flatMap((moment) => (moment !== null && moment > now ? [moment.getTime()] : []))
  return future.length === 0 ? null : new Date(Math.min(...future))
}

function momentsOf(one: ServiceInstance, desired: DesiredService, now: Date): (Date | null)[] {
  const after = (ms: number): Date => new Date(now.getTime() + ms)
  switch (one.state) {
    case 'crashed':
      return [one.nextStartAt]
    case 'running':
      return [
        one.settlesAt,
        one.crashLooping ? calmAt(one) : null,
        one.ending ? after(ENDING_CHECK_MS) : null,
        desired.rollout !== null && one.readySince !== null
          ? new Date(one.readySince.getTime() + desired.minReadyMs)
          : null,
      ]
    case 'draining':
      return [one.drain?.deadline ?? null, mayWait(one, now) ? waitsUntil(one) : after(drainPollMs(one, now))]
    case 'stopping':
      return [after(ENDING_CHECK_MS)]
    default:
      return []
  }
}

/** Most drains are over at once; long ones are looked at less and less often. */
const drainPollMs = ({ drain }: ServiceInstance, now: Date): number =>
  Math.min(
    Math.max((now.getTime() - (drain?.since ?? now).getTime()) / 4, FIRST_DRAIN_POLL_MS),
    LAST_DRAIN_POLL_MS,
  )
