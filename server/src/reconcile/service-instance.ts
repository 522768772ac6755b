import type { HealthCheck } from '@fairway/contract/resources/health-check'
import type { InstanceRow } from '../db/instances.ts'
import { SETTLE_MS } from './instance-observation.ts'
import { wantsRestart } from './probes/probe-state.ts'
import type { ProbeStates } from './probes/prober.ts'
import type { ServiceInstance } from './rollout-model.ts'
import type { ServiceReport } from './traffic-port.ts'

export type Surroundings = {
  checks: readonly HealthCheck[]
  states: ProbeStates | undefined
  /** The runtime is ending this attempt. */
  ending: boolean
  report: ServiceReport | undefined
  drainMs: number
}

/** The name under which the runtime and the gateway know an attempt of an instance. */
export const runtimeIdOf = ({ id, attempt }: Pick<InstanceRow, 'id' | 'attempt'>): string =>
  `${id}.${attempt}`

/** An instance as the planner sees it. Pure. */
export function plannedInstance(row: InstanceRow, around: Surroundings): ServiceInstance {
  const isRunning = row.state === 'running'
  const readyAt = row.ready_at
  return {
    id: row.id,
    revision: row.revision_id,
    state: row.state as ServiceInstance['state'],
    createdAt: row.created_at,
    startedAt: row.started_at,
    readyAt,
    readySince: isRunning && row.ready && readyAt !== null ? readySince(readyAt, around) : null,
    settlesAt: isRunning && !row.ready ? settlesAt(row, around) : null,
    routed: row.routed,
    restarts: row.restarts,
    nextStartAt: row.next_start_at,
    crashLooping: row.crash_looping,
    sick: isRunning ? sickness(around) : null,
    ending: around.ending,
    drain: drainOf(row, around),
  }
}

function readySince(readyAt: Date, { states }: Surroundings): Date {
  const changed = states?.readinessProbe?.changedAt
  return changed === undefined ? readyAt : new Date(Math.max(readyAt.getTime(), Date.parse(changed)))
}

function settlesAt({ started_at: startedAt }: InstanceRow, { checks }: Surroundings): Date | null {
  if (startedAt === null || checks.some(({ type }) => type !== 'livenessProbe')) return null
  return new Date(startedAt.getTime() + SETTLE_MS)
}

function sickness({ checks, states }: Surroundings): ServiceInstance['sick'] {
  for (const check of checks) {
    const state = states?.[check.type]
    if (state === undefined || !wantsRestart(check, state)) continue
    if (check.type !== 'readinessProbe') return check.type
  }
  return null
}

function drainOf(row: InstanceRow, { report, drainMs }: Surroundings): ServiceInstance['drain'] {
  const deadline = row.drain_deadline
  if (deadline === null) return null
  const backend = report?.backends.find(({ id }) => id === runtimeIdOf(row))
  // A report that no longer names it means that nothing of it is left; no report means that nobody knows.
  const drained = report !== undefined && (backend === undefined || backend.state === 'drained')
  return { since: new Date(deadline.getTime() - drainMs), deadline, drained }
}
