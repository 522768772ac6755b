import {
  type Action,
  type DesiredService,
  isLive,
  isProven,
  isServing,
  type ServiceInstance,
} from './rollout-model.ts'

/** Which instances go, and how many new ones come, in this pass. */
export type Replacement = { retire: ServiceInstance[]; create: number }

/**
 * Decides what to replace. Pure. The counts it takes are those of this moment:
 *
 * - an old instance goes only when, without it, as many serve as are wanted, or as served before;
 * - new instances count for that only once the version is proved: it is the last good one, or one of its instances
 *   has served for `minReadyMs`;
 * - beside those that drain, never more than `instances + maxSurge` live.
 */
export function planReplacement(
  desired: DesiredService,
  instances: readonly ServiceInstance[],
  now: Date,
): Replacement {
  const live = instances.filter(isLive)
  const fit = live.filter((one) => isFit(one, desired))
  const rest = live.filter((one) => !fit.includes(one))
  const surplus = expendableFirst(fit, desired).slice(0, Math.max(0, fit.length - desired.instances))
  const retire = [...outdated(desired, { fit, rest }, now), ...surplus]
  // One that drains makes room only when the gateway has said so.
  const left = live.length - retire.filter((one) => retireAction(one).do !== 'drain').length
  const create = countToCreate(desired, { fit: fit.length, live: left })
  return { retire, create: desired.stopFirst && instances.length > fit.length ? 0 : create }
}

/** Of the wanted revision and not to be replaced by a healthy one. */
const isFit = (one: ServiceInstance, desired: DesiredService): boolean =>
  one.revision === desired.revision && !isReplaceable(one, desired)

/** Alive by its readiness, dead by its liveness: it serves until another one can. */
export const isReplaceable = (one: ServiceInstance, desired: DesiredService): boolean =>
  one.sick !== null && isServing(one, desired) && desired.maxSurge > 0 && !desired.stopFirst

function outdated(
  desired: DesiredService,
  { fit, rest }: { fit: readonly ServiceInstance[]; rest: readonly ServiceInstance[] },
  now: Date,
): ServiceInstance[] {
  const useless = rest.filter((one) => !isServing(one, desired) && one.revision !== desired.lastGood)
  const others = rest.filter((one) => !useless.includes(one))
  const keep = countToKeep(desired, fit, now)
  return [...useless, ...expendableFirst(others, desired).slice(0, Math.max(0, others.length - keep))]
}

/** How many old instances have to stay for the sake of those who call. */
function countToKeep(desired: DesiredService, fit: readonly ServiceInstance[], now: Date): number {
  if (desired.stopFirst || desired.revision === null) return 0
  const proved = desired.revision === desired.lastGood || fit.some((one) => isProof(one, desired, now))
  const serving = proved ? fit.filter(willServe).length : 0
  return Math.max(0, desired.instances - desired.maxUnavailable - serving)
}

/** Where no time to stay ready is asked for, readiness is the proof. */
const isProof = (one: ServiceInstance, desired: DesiredService, now: Date): boolean =>
  isProven(one, desired, now) || (desired.minReadyMs === 0 && willServe(one))

/** The gateway takes it in before it drains others, in one change: an instance waits for no change of its own. */
const willServe = ({ state, readySince }: ServiceInstance): boolean =>
  state === 'running' && readySince !== null

function countToCreate(
  { revision, instances, maxSurge }: DesiredService,
  now: { fit: number; live: number },
): number {
  if (revision === null) return 0
  return Math.max(0, Math.min(instances - now.fit, instances + maxSurge - now.live))
}

/** Those that serve nobody first, then sick ones, then what is not the last good revision, then the youngest. */
function expendableFirst(instances: readonly ServiceInstance[], desired: DesiredService): ServiceInstance[] {
  const rank = (one: ServiceInstance): number =>
    (isServing(one, desired) ? 4 : 0) +
    (one.sick === null ? 2 : 0) +
    (one.revision === desired.lastGood ? 1 : 0)
  return [...instances].sort(
    (a, b) => rank(a) - rank(b) || b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1),
  )
}

/** How an instance goes: by draining when it has traffic, by being stopped when it has a process. */
export function retireAction({ id, state, routed }: ServiceInstance): Action {
  if (state === 'created' || state === 'crashed') return { do: 'discard', instance: id }
  return { do: routed ? 'drain' : 'stop', instance: id }
}
