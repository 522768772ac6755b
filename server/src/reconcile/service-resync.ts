import {
  forgetGatewayRoutes,
  listAllInstances,
  listGatewayStates,
  pruneInstances,
  type ResyncInstance,
  readEnds,
} from '../db/service-resync.ts'
import { repeat } from './repeat.ts'
import type { ObservedInstance } from './runtime-port.ts'
import type { ServiceDeps } from './service-deps.ts'
import { runtimeIdOf } from './service-instance.ts'

const EVERY_MS = 30_000
/** How long an ended instance keeps its log, and its row. */
const KEEP_LOG_MS = 60 * 60_000
const KEEP_ROW_MS = 24 * 60 * 60_000
const ORPHAN_GRACE_MS = 10_000

/** What differs between the rows and the world. */
export type Differences = {
  /** Services to look at. */
  services: Set<string>
  /** How many things were not as the rows said, rather than merely under way. */
  corrections: number
  /** Runtime ids of ours that no row names. */
  orphans: ObservedInstance[]
  /** Services whose acknowledged routes the gateway does not hold. */
  unrouted: string[]
}

/** Compares everything at once. Pure, so that a thousand idle services cost one comparison, not a thousand looks. */
export function compare(
  rows: readonly ResyncInstance[],
  observed: readonly ObservedInstance[],
  gateway: { wanted: readonly { service: string; generation: number }[]; held: ReadonlyMap<string, number> },
): Differences {
  const running = new Set(observed.filter(({ state }) => state === 'running').map(({ id }) => id))
  const differing = rows.filter((row) => differs(row, running.has(runtimeIdOf(row))))
  const current = new Set(rows.map(({ id }) => id))
  const unrouted = gateway.wanted
    .filter(({ service, generation }) => gateway.held.get(service) !== generation)
    .map(({ service }) => service)
  const ended = differing.filter(({ state }) => state === 'running')
  return {
    corrections: ended.length + unrouted.length,
    services: new Set([...differing.map(({ service }) => service), ...unrouted]),
    orphans: observed.filter(({ id, labels }) => labels.ownerKind === 'service' && !current.has(rowIdOf(id))),
    unrouted,
  }
}

/** Only `running` and `crashed` are states to stay in; anything else should be under way. */
function differs({ state }: ResyncInstance, runs: boolean): boolean {
  if (state === 'running') return !runs
  return state !== 'crashed'
}

const rowIdOf = (runtimeId: string): string => runtimeId.slice(0, runtimeId.lastIndexOf('.'))

/**
 * Corrects what no event told of: an exit nobody saw, routes the gateway lost, instances no row knows. At the start
 * it looks at every service that has instances, so that they are probed again.
 */
export function startServiceResync(
  deps: ServiceDeps,
  wake: (service: string) => void,
  everyMs = EVERY_MS,
): { stop(): Promise<void>; corrections(): number } {
  let corrections = 0
  const serviceOf = ({ labels }: ObservedInstance): string => `${labels.projectId}/${labels.ownerId}`
  const unwatch = deps.runtime.watch((id) => {
    void deps.runtime.observe(id).then(
      (seen) => {
        if (seen?.labels.ownerKind === 'service') wake(serviceOf(seen))
      },
      (error: unknown) =>
        deps.log.warn({ err: error, instance: id }, 'cannot look at an instance that ended'),
    )
  })
  let first = true
  const timer = repeat({ everyMs, log: deps.log, what: 'comparing services with the world' }, async () => {
    const rows = await listAllInstances(deps.db)
    if (first) for (const service of new Set(rows.map((row) => row.service))) wake(service)
    const found = await differences(deps, rows)
    await correct(deps, found, wake)
    if (!first && found.corrections > 0) {
      corrections += found.corrections
      deps.log.info({ services: [...found.services], corrections }, 'the resync found something to correct')
    }
    first = false
  })
  void timer.now()
  return {
    corrections: () => corrections,
    stop: async () => {
      unwatch()
      await timer.stop()
    },
  }
}

async function differences(deps: ServiceDeps, rows: readonly ResyncInstance[]): Promise<Differences> {
  const [observed, wanted, held] = await Promise.all([
    deps.runtime.list(),
    listGatewayStates(deps.db),
    deps.traffic.list(),
  ])
  const generations = new Map(held.map(({ key, generation }) => [key, generation]))
  return compare(rows, observed, { wanted, held: generations })
}

async function correct(
  deps: ServiceDeps,
  found: Differences,
  wake: (service: string) => void,
): Promise<void> {
  // A generation that grew since we read it is not lost: whoever applied it goes on, and the look is harmless.
  await forgetGatewayRoutes(deps.db, found.unrouted)
  for (const service of found.services) wake(service)
  await clearOrphans(deps, found.orphans)
  await pruneInstances(deps.db, new Date(deps.clock.now().getTime() - KEEP_ROW_MS))
}

/** What runs without a row is stopped; what ended keeps its log for a while. */
async function clearOrphans(deps: ServiceDeps, orphans: readonly ObservedInstance[]): Promise<void> {
  const ends = await readEnds(
    deps.db,
    orphans.map(({ id }) => rowIdOf(id)),
  )
  const now = deps.clock.now().getTime()
  for (const orphan of orphans) {
    const ended = ends.get(rowIdOf(orphan.id)) ?? orphan.exitedAt
    // Its row may have been written after we read the rows.
    const isNew = now - orphan.startedAt.getTime() < ORPHAN_GRACE_MS
    if (orphan.state === 'running' && !isNew) {
      deps.log.warn({ instance: orphan.id }, 'stopping an instance that no row knows')
      deps.endings.begin(orphan.id, 10_000, () => undefined)
    } else if (orphan.state === 'exited' && now - (ended?.getTime() ?? 0) > KEEP_LOG_MS) {
      await deps.runtime.remove(orphan.id)
    }
  }
}
