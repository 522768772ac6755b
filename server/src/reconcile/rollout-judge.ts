import {
  type Action,
  CRASH_LOOP_RESTARTS,
  type DesiredService,
  isLive,
  isProven,
  type ServiceInstance,
} from './rollout-model.ts'

/**
 * Says whether a rollout begins, is done, or has failed. Pure. Undefined: it goes on.
 *
 * One of its own instances that was ready and then ended or fell sick fails it at once; one that never was ready may
 * be restarted a few times. What makes no progress until the deadline fails too.
 */
export function judgeRollout(
  desired: DesiredService,
  instances: readonly ServiceInstance[],
  now: Date,
): Action | undefined {
  const { rollout } = desired
  if (rollout === null) return undefined
  if (rollout.state === 'pending') return { do: 'begin', rollout: rollout.id }
  const own = instances.filter((one) => one.revision === rollout.revision && isLive(one))
  const failed = failureOf(desired, own) ?? lateness(desired, { own, all: instances }, now)
  if (failed !== undefined) return { do: 'fail', rollout: rollout.id, ...failed }
  return isDone(desired, instances, now) ? { do: 'complete', rollout: rollout.id } : undefined
}

type Failure = Omit<Extract<Action, { do: 'fail' }>, 'do' | 'rollout'>

function failureOf(desired: DesiredService, own: readonly ServiceInstance[]): Failure | undefined {
  if (desired.instances === 0) return abandoned(desired, own)
  for (const one of own) {
    const wasReady = one.readyAt !== null
    if (one.state === 'crashed' && wasReady) return { cause: 'crashed-after-ready', instance: one.id }
    if (one.sick !== null && wasReady) return { cause: 'unhealthy-after-ready', instance: one.id }
    if (one.state === 'crashed' && one.restarts >= CRASH_LOOP_RESTARTS) {
      return { cause: 'crash-loop', instance: one.id }
    }
  }
  return undefined
}

/** Switched off before it was proved: then what worked before is what comes back. */
function abandoned(desired: DesiredService, own: readonly ServiceInstance[]): Failure | undefined {
  if (own.length === 0 || desired.lastGood === null) return undefined
  return { cause: 'stopped', instance: null }
}

function lateness(
  desired: DesiredService,
  { own, all }: { own: readonly ServiceInstance[]; all: readonly ServiceInstance[] },
  now: Date,
): Failure | undefined {
  const deadline = progressDeadline(desired, all)
  if (deadline === null || now < deadline) return undefined
  const stuck = own.find((one) => one.readySince === null) ?? own.find((one) => !one.routed) ?? own[0]
  return { cause: 'deadline', instance: stuck?.id ?? null }
}

/**
 * When a running rollout fails unless something happens. Progress is a first start or a first readiness, so neither
 * restarts nor readiness that comes and goes extend it. Null: nothing is late, because old instances still end.
 */
export function progressDeadline(
  { rollout, progressDeadlineMs, instances: wanted }: DesiredService,
  instances: readonly ServiceInstance[],
): Date | null {
  if (rollout?.state !== 'running' || wanted === 0) return null
  const own = instances.filter((one) => one.revision === rollout.revision && isLive(one))
  if (own.length === 0 && instances.some((one) => !isLive(one))) return null
  const firsts = own
    .filter(({ restarts }) => restarts === 0)
    .flatMap(({ createdAt, startedAt, readyAt }) => [createdAt, startedAt, readyAt])
  const moments = [rollout.startedAt, ...firsts].map((moment) => moment?.getTime() ?? 0)
  return new Date(Math.max(...moments) + progressDeadlineMs)
}

function isDone(desired: DesiredService, instances: readonly ServiceInstance[], now: Date): boolean {
  const live = instances.filter(isLive)
  return (
    live.length === desired.instances &&
    live.every((one) => one.revision === desired.revision && isProven(one, desired, now))
  )
}
