import type { Strategy } from '@fairway/contract/resources/deployment'
import type { RolloutRow } from '../db/rollouts.ts'
import type { ServiceRow } from '../db/services.ts'
import type { DesiredService } from './rollout-model.ts'

export type Circumstances = { rollout: RolloutRow | undefined; hasVolume: boolean; hasRoutes: boolean }

const DEFAULT_DRAIN_SECONDS = 30
const DEFAULT_DEADLINE_SECONDS = 600
const DEFAULT_GRACE_SECONDS = 30

/** What the rows want, as the planner is told. Pure. `rollout` is the service's newest. */
export function desiredService(
  service: ServiceRow,
  { rollout, hasVolume, hasRoutes }: Circumstances,
): DesiredService {
  const { deployment } = service.spec
  const wanted = service.deleting || service.paused ? 0 : service.instances
  const instances = hasVolume ? Math.min(1, wanted) : wanted
  return {
    revision: service.deleting ? null : service.desired_revision,
    lastGood: service.current_revision,
    instances,
    deleting: service.deleting,
    ...(hasVolume ? { maxSurge: 0, maxUnavailable: 1 } : roomFor(deployment?.strategy, instances)),
    stopFirst: hasVolume || deployment?.strategy.type === 'recreate',
    hasRoutes,
    minReadyMs: (deployment?.minReadySeconds ?? 1) * 1000,
    progressDeadlineMs: (deployment?.progressDeadlineSeconds ?? DEFAULT_DEADLINE_SECONDS) * 1000,
    rollout: service.deleting ? null : activeRollout(rollout),
    failure: rollout?.state === 'failed' ? (rollout.message ?? 'The last rollout failed.') : null,
    reason: service.deployment_reason === 'SCALING' ? 'SCALING' : 'DEPLOYING',
  }
}

function activeRollout(rollout: RolloutRow | undefined): DesiredService['rollout'] {
  if (rollout?.state !== 'pending' && rollout?.state !== 'running') return null
  const { id, revision_id: revision, state, started_at: startedAt } = rollout
  return { id, revision, state, startedAt }
}

type Room = { maxSurge: number; maxUnavailable: number }

/** How many more, and how many fewer, there may be meanwhile. At least one of the two is possible. */
export function roomFor(strategy: Strategy | undefined, instances: number): Room {
  switch (strategy?.type) {
    case 'recreate':
      return { maxSurge: 0, maxUnavailable: instances }
    case 'rollout-balanced':
      return { maxSurge: Math.max(1, Math.ceil(instances / 2)), maxUnavailable: 0 }
    case 'rollout-fast':
      return { maxSurge: Math.max(1, instances), maxUnavailable: 0 }
    case 'custom':
      return customRoom(strategy, instances)
    default:
      return { maxSurge: 1, maxUnavailable: 0 }
  }
}

function customRoom({ settings }: Strategy, instances: number): Room {
  const share = (value: number | string | undefined): number =>
    typeof value === 'string' ? (Number.parseInt(value, 10) * instances) / 100 : (value ?? 0)
  const maxSurge = Math.ceil(share(settings?.maxSurge))
  const maxUnavailable = Math.floor(share(settings?.maxUnavailable))
  return maxSurge === 0 && maxUnavailable === 0
    ? { maxSurge: 1, maxUnavailable }
    : { maxSurge, maxUnavailable }
}

export const drainMsOf = ({ spec }: ServiceRow): number =>
  (spec.deployment?.drainSeconds ?? DEFAULT_DRAIN_SECONDS) * 1000

export const graceMsOf = ({ spec }: ServiceRow): number =>
  (spec.deployment?.gracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000
