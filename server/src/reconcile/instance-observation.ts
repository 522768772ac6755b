import type { HealthCheck } from '@fairway/contract/resources/health-check'
import type { InstanceState } from '@fairway/contract/states'
import type { InstanceChange, InstanceRow, LastExit } from '../db/instances.ts'
import type { ProbeStates } from './probes/prober.ts'
import { CRASH_LOOP_RESTARTS, CRASH_LOOP_WINDOW_MS } from './rollout-model.ts'
import type { ObservedInstance } from './runtime-port.ts'

/** An instance without probes is ready when it has run for this long. */
export const SETTLE_MS = 1000
const FIRST_BACKOFF_MS = 1000
const LONGEST_BACKOFF_MS = 60_000
/** Having run for so long, an instance that exits starts its back-off anew. */
const STABLE_MS = 10 * 60_000

export type Sighting = {
  seen: ObservedInstance | undefined
  states: ProbeStates | undefined
  checks: readonly HealthCheck[]
}

/** What to write about an instance: another state, or details of the one it is in. */
export type Observation = { to?: InstanceState; change: InstanceChange }

/** Compares what is known of an instance with what the runtime and the probes say. Pure. Undefined: nothing new. */
export function observeInstance(row: InstanceRow, sighting: Sighting, now: Date): Observation | undefined {
  const { seen } = sighting
  switch (row.state) {
    case 'created':
    case 'starting':
      return seen && (seen.state === 'running' ? running(seen) : exited(row, seen, now))
    case 'running':
      return seen?.state === 'running' ? readiness(row, sighting, now) : exited(row, seen, now)
    case 'draining':
    case 'stopping':
      return seen?.state === 'running' ? undefined : ended(seen, now)
    default:
      return undefined
  }
}

const running = ({ addresses, startedAt }: ObservedInstance): Observation => ({
  to: 'running',
  change: { addresses: { ...addresses }, started_at: startedAt, next_start_at: null },
})

function readiness(row: InstanceRow, sighting: Sighting, now: Date): Observation | undefined {
  const ready = isReady(row, sighting, now)
  if (ready === row.ready) return undefined
  // The answers go with it: a control plane that starts again must not take it for one that was never asked.
  const probes = sighting.states ?? row.probes
  return { change: { ready, probes, ...(ready && row.ready_at === null && { ready_at: now }) } }
}

function isReady(row: InstanceRow, { checks, states }: Sighting, now: Date): boolean {
  const passes = (type: HealthCheck['type']): boolean =>
    !checks.some((check) => check.type === type) || states?.[type]?.passing === true
  if (checks.some(({ type }) => type !== 'livenessProbe'))
    return passes('startupProbe') && passes('readinessProbe')
  return now.getTime() - (row.started_at ?? now).getTime() >= SETTLE_MS
}

/** How the attempt ended, and when the next one may start: 1 s, 2 s, 4 s … 60 s. */
export function exited(
  row: Pick<InstanceRow, 'last_exit' | 'started_at'>,
  end: Pick<ObservedInstance, 'exitCode' | 'signal' | 'exitedAt'> & { message?: string } = {
    message: 'the runtime no longer knows the instance',
  },
  now: Date,
): Observation {
  const at = end.exitedAt ?? now
  const ranMs = row.started_at === null ? 0 : at.getTime() - row.started_at.getTime()
  const streak = ranMs >= STABLE_MS ? 1 : (row.last_exit?.streak ?? 0) + 1
  const recent = [...(row.last_exit?.recent ?? []), at.toISOString()]
    .filter((exit) => now.getTime() - Date.parse(exit) <= CRASH_LOOP_WINDOW_MS)
    .slice(-10)
  const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (streak - 1), LONGEST_BACKOFF_MS)
  return {
    to: 'crashed',
    change: {
      ready: false,
      routed: false,
      next_start_at: new Date(now.getTime() + backoffMs),
      crash_looping: recent.length > CRASH_LOOP_RESTARTS,
      last_exit: { ...exitDetails(end, at), streak, recent },
    },
  }
}

function ended(seen: ObservedInstance | undefined, now: Date): Observation {
  const at = seen?.exitedAt ?? now
  const change: InstanceChange = { ready: false, routed: false, ended_at: now }
  if (seen === undefined) return { to: 'gone', change }
  return { to: 'gone', change: { ...change, last_exit: { ...exitDetails(seen, at), streak: 0, recent: [] } } }
}

const exitDetails = (
  { exitCode, signal, message }: { exitCode?: number; signal?: string; message?: string },
  at: Date,
): Omit<LastExit, 'streak' | 'recent'> => ({
  at: at.toISOString(),
  ...(exitCode !== undefined && { exitCode }),
  ...(signal !== undefined && { signal }),
  ...(message !== undefined && { message }),
})
