import type { AddonStatus } from '@fairway/contract/states'
import type { GenerationState, ObservedEndpoint } from '../db/addons.ts'
import type { AddonEndpoint, AddonObservation } from './addon-port.ts'

/**
 * Decides the next steps for one addon. Pure.
 *
 * One data directory (generation) is active. A restore makes another one, which is its restore's business until it is
 * swapped in; then the old one is kept, stopped, and the new one is started again so that it takes over the address
 * that clients know. Steps of one kind are planned per pass, so every decision is made from facts that still hold.
 */
export type AddonDesired = {
  paused: boolean
  deleting: boolean
  restartRequested: boolean
  /** Where it answered when it was last seen, and with which generation. */
  endpoint: ObservedEndpoint | null
}

export type SeenGeneration = { generation: number; state: GenerationState; observation: AddonObservation }

/** Unfinished backups and restores. */
export type AddonActivity = { backups: readonly string[]; restores: readonly string[] }

export type AddonAction =
  | { do: 'create' | 'start' | 'stop' | 'destroy' | 'forget'; generation: number }
  | { do: 'restart'; generation: number }
  | { do: 'abort-work' | 'remove' }

export type AddonPlan = { actions: AddonAction[]; status: AddonStatus }

export function planAddon(
  desired: AddonDesired,
  seen: readonly SeenGeneration[],
  activity: AddonActivity,
): AddonPlan {
  if (desired.deleting) return { actions: planDeletion(seen, activity), status: 'deleting' }
  const aside = seen.flatMap(planAside)
  if (aside.length > 0) return { actions: aside, status: statusOf(desired, activity) }
  const active = seen.find(({ state }) => state === 'active')
  if (active === undefined) return { actions: [], status: 'error' }
  const actions = planActive(desired, active)
  const starting = actions.some(({ do: what }) => what === 'create' || what === 'start' || what === 'restart')
  return { actions, status: starting ? 'allocating' : statusOf(desired, activity) }
}

/** Generations that are not in use. One being restored belongs to its restore. */
function planAside({ generation, state, observation }: SeenGeneration): AddonAction[] {
  if (state === 'kept' && isUp(observation)) return [{ do: 'stop', generation }]
  if (state !== 'removed') return []
  return [{ do: observation.state === 'absent' ? 'forget' : 'destroy', generation }]
}

function planActive(desired: AddonDesired, { generation, observation }: SeenGeneration): AddonAction[] {
  if (desired.paused) return isUp(observation) ? [{ do: 'stop', generation }] : []
  if (observation.state === 'absent') return [{ do: 'create', generation }]
  if (observation.state !== 'running') return [{ do: 'start', generation }]
  if (desired.restartRequested) return [{ do: 'restart', generation }]
  const { endpoint } = desired
  const swappedIn = endpoint !== null && endpoint.generation !== generation
  if (swappedIn && isElsewhere(endpoint, observation.endpoint)) return [{ do: 'restart', generation }]
  return []
}

/** Whether clients that know the one address do not find the other. */
const isElsewhere = (known: AddonEndpoint, now: AddonEndpoint): boolean =>
  known.port !== now.port || known.host !== now.host

/** Work on the data ends first, then all data goes, then the addon. */
function planDeletion(seen: readonly SeenGeneration[], activity: AddonActivity): AddonAction[] {
  if (activity.backups.length + activity.restores.length > 0) return [{ do: 'abort-work' }]
  const present = seen.filter(({ observation }) => observation.state !== 'absent')
  if (present.length > 0) return present.map(({ generation }) => ({ do: 'destroy', generation }))
  return [{ do: 'remove' }]
}

const isUp = ({ state }: AddonObservation): boolean => state === 'running' || state === 'starting'

function statusOf(desired: AddonDesired, activity: AddonActivity): AddonStatus {
  if (desired.paused) return 'paused'
  if (activity.restores.length > 0) return 'restore'
  return activity.backups.length > 0 ? 'backup' : 'running'
}
