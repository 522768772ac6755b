import type { RolloutReceipt } from '@fairway/contract/resources/receipt'
import type { RolloutState } from '@fairway/contract/states'
import type { Db } from '../../db/db.ts'
import {
  listRolloutMarks,
  listRolloutSamples,
  listRolloutsOfRun,
  type RunRollout,
} from '../../db/rollout-receipts.ts'

type Totals = Pick<
  RolloutReceipt,
  'measuredBy' | 'requests' | 'failures' | 'latencyMs' | 'longestGapMs' | 'gapAtMostMs' | 'durationMs'
> &
  Pick<RolloutReceipt, 'drained' | 'cut' | 'remarks'>

/** Of a rollout that is still under way, or whose receipt an older version wrote, nothing more is known. */
const UNKNOWN: Totals = {
  measuredBy: null,
  requests: null,
  failures: null,
  latencyMs: null,
  longestGapMs: null,
  gapAtMostMs: null,
  durationMs: null,
  drained: 0,
  cut: 0,
  remarks: [],
}

/** The receipts of what a run rolled out, in the order in which it did. */
export async function receiptsOfRun(db: Db, runId: string): Promise<RolloutReceipt[]> {
  const rollouts = await listRolloutsOfRun(db, runId)
  const ids = rollouts.map(({ id }) => id)
  const [samples, marks] = await Promise.all([listRolloutSamples(db, ids), listRolloutMarks(db, ids)])
  return rollouts.map((rollout) => ({
    ...headOf(rollout),
    ...totalsOf(rollout),
    samples: (samples.get(rollout.id) ?? []).map((row) => ({
      at: row.at.toISOString(),
      spanMs: row.span_ms,
      requests: row.requests,
      failures: row.failures,
      p50Ms: row.p50_ms,
      p99Ms: row.p99_ms,
      newReady: row.new_ready,
      newRouted: row.new_routed,
      oldRouted: row.old_routed,
      oldDraining: row.old_draining,
      inFlight: row.in_flight,
      webSockets: row.web_sockets,
    })),
    marks: (marks.get(rollout.id) ?? []).map((row) => ({
      at: row.at.toISOString(),
      instance: row.instance_id,
      side: row.side as 'new' | 'old',
      what: row.what as RolloutReceipt['marks'][number]['what'],
    })),
  }))
}

const headOf = (rollout: RunRollout) => ({
  path: rollout.path,
  ...(rollout.ref !== null && { ref: rollout.ref }),
  serviceId: rollout.service_id,
  rolloutId: rollout.id,
  state: rollout.state as RolloutState,
  ...(rollout.message !== null && { message: rollout.message }),
  ...(rollout.started_at !== null && { startedAt: rollout.started_at.toISOString() }),
  ...(rollout.ended_at !== null && { endedAt: rollout.ended_at.toISOString() }),
})

function totalsOf({ receipt }: RunRollout): Totals {
  const stored = (receipt ?? {}) as Partial<Totals>
  const known = Object.keys(UNKNOWN) as (keyof Totals)[]
  return Object.assign(
    {},
    UNKNOWN,
    ...known.flatMap((key) => (key in stored ? [{ [key]: stored[key] }] : [])),
  )
}
