import type { InstanceState } from '@fairway/contract/states'

/** What is wanted of a service, with every number resolved. */
export type DesiredService = {
  /** What instances shall run. Null: nothing was deployed, or nothing that worked. */
  revision: string | null
  /** The revision that a completed rollout proved. */
  lastGood: string | null
  /** 0 when the service is paused or being deleted. */
  instances: number
  deleting: boolean
  maxSurge: number
  maxUnavailable: number
  /** The old instance has to end before the new one starts: a volume is attached. */
  stopFirst: boolean
  /** The public reaches the service through the gateway. */
  hasRoutes: boolean
  minReadyMs: number
  progressDeadlineMs: number
  rollout: { id: string; revision: string; state: 'pending' | 'running'; startedAt: Date | null } | null
  /** Why the newest rollout failed; null when it did not. */
  failure: string | null
  /** What the shown status is about now. */
  reason: DeploymentReason
}

/** One instance that is not gone. */
export type ServiceInstance = {
  id: string
  revision: string
  state: Exclude<InstanceState, 'gone'>
  createdAt: Date
  /** Of this attempt. */
  startedAt: Date | null
  /** When this attempt became ready for the first time. */
  readyAt: Date | null
  /** Since when it is ready without a break; null when it is not ready. */
  readySince: Date | null
  /** When it will count as ready without probes. */
  settlesAt: Date | null
  /** The gateway acknowledged it as active. */
  routed: boolean
  restarts: number
  nextStartAt: Date | null
  crashLooping: boolean
  /** The probe that says it must be restarted. */
  sick: 'livenessProbe' | 'startupProbe' | null
  /** The runtime is ending it now. */
  ending: boolean
  drain: { since: Date; deadline: Date; drained: boolean } | null
}

export type FailureCause =
  | 'deadline'
  | 'crash-loop'
  | 'crashed-after-ready'
  | 'unhealthy-after-ready'
  | 'stopped'

export type Action =
  | { do: 'begin'; rollout: string }
  | { do: 'complete'; rollout: string }
  /** Brings the last good revision back as the wanted one. */
  | { do: 'fail'; rollout: string; cause: FailureCause; instance: string | null }
  | { do: 'create'; revision: string; count: number }
  /** Starts a created instance, one whose start was interrupted, or the next attempt of a crashed one. */
  | { do: 'start'; instance: string }
  /** Ends a sick instance so that its next attempt can start. */
  | { do: 'restart'; instance: string }
  /** Takes its traffic away; it is stopped once drained. */
  | { do: 'drain'; instance: string }
  | { do: 'stop'; instance: string }
  /** Drops an instance that has no process. */
  | { do: 'discard'; instance: string }
  /** It has been running well: it no longer counts as crash looping. */
  | { do: 'calm'; instance: string }
  /** Nothing of a service being deleted is left. */
  | { do: 'forget' }

export type DeploymentReason = 'SCALING' | 'DEPLOYING'

export type DeploymentStatus = {
  status: 'PENDING' | 'IN_PROGRESS' | 'COMPLETED' | 'FAILED'
  reason: DeploymentReason
  message: string | null
}

export type ServicePlan = {
  actions: Action[]
  /** The instances that shall take traffic, and those that may finish what they have. */
  routes: { active: string[]; draining: string[] }
  status: DeploymentStatus
  /** When to look again even if nothing changes. Null: no need to. */
  wakeAt: Date | null
}

/** Restarts of a rollout's own instance after which the next exit fails it, and after which a warning is due. */
export const CRASH_LOOP_RESTARTS = 3
/** The span in which so many restarts are a crash loop. */
export const CRASH_LOOP_WINDOW_MS = 5 * 60_000

export const isLive = ({ state }: ServiceInstance): boolean => state !== 'draining' && state !== 'stopping'

/** Ready, and known to the gateway as such where there is one to know. */
export const isServing = (
  { state, readySince, routed }: ServiceInstance,
  { hasRoutes }: DesiredService,
): boolean => state === 'running' && readySince !== null && (routed || !hasRoutes)

/** Serving for long enough to be believed. */
export const isProven = (instance: ServiceInstance, desired: DesiredService, now: Date): boolean =>
  isServing(instance, desired) &&
  now.getTime() - (instance.readySince?.getTime() ?? now.getTime()) >= desired.minReadyMs
