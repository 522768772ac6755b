import { quantile, subtractHistograms } from '@fairway/contract/latency-histogram'
import type { ServiceReport, Traffic } from './traffic-port.ts'

type Totals = ServiceReport['totals']

/** What the gateway had counted when a rollout began. */
export type OpenReceipt = { start: Totals | null }

/** What was measured during a rollout. Null is what nobody can tell; `remarks` say why, and what the figures are worth. */
export type Receipt = {
  measuredBy: string | null
  requests: number | null
  failures: number | null
  /** Null: no gap was longer than one before the rollout, `gapAtMostMs`; when that is null too, nobody can tell. */
  longestGapMs: number | null
  gapAtMostMs: number | null
  latencyMs: { p50: number; p99: number } | null
  durationMs: number
  remarks: readonly string[]
}

export type Measured = {
  /** Absent for a service without public ports. */
  by: Traffic['measures']
  isPublic: boolean
  durationMs: number
}

/** Pure. A gateway that counts less than at the start was started anew: then all it counted is of this rollout. */
export function closeReceipt(
  open: Partial<OpenReceipt> | null,
  end: Totals | undefined,
  { by, isPublic, durationMs }: Measured,
): Receipt {
  if (!isPublic)
    return unmeasured(durationMs, 'The service has no public port: none of its requests pass the gateway.')
  if (end === undefined) {
    return unmeasured(
      durationMs,
      'The gateway did not answer when the rollout ended: what it counted is not known.',
    )
  }
  const start = open?.start ?? null
  const anew = start !== null && end.requests < start.requests
  const base = anew ? null : start
  const before = base?.longestGapMs ?? 0
  const grew = end.longestGapMs > before
  return {
    measuredBy: by?.by ?? null,
    requests: end.requests - (base?.requests ?? 0),
    failures: end.failures - (base?.failures ?? 0),
    longestGapMs: grew || before === 0 ? end.longestGapMs : null,
    gapAtMostMs: grew ? end.longestGapMs : before,
    latencyMs: latencyBetween(base ?? undefined, end),
    durationMs,
    remarks: [...(anew ? [STARTED_ANEW] : []), ...(by?.remarks ?? [])],
  }
}

const STARTED_ANEW = 'The gateway was started anew meanwhile: what it had counted before is not known.'

const unmeasured = (durationMs: number, why: string): Receipt => ({
  measuredBy: null,
  requests: null,
  failures: null,
  longestGapMs: null,
  gapAtMostMs: null,
  latencyMs: null,
  durationMs,
  remarks: [why],
})

/** Pure. Of the answers between two readings; null when there were none, or the gateway does not tell. */
export function latencyBetween(
  start: Pick<Totals, 'latencyCounts'> | undefined,
  end: Pick<Totals, 'latencyCounts'>,
): { p50: number; p99: number } | null {
  if (end.latencyCounts === undefined || (start !== undefined && start.latencyCounts === undefined))
    return null
  const counts = subtractHistograms(end.latencyCounts, start?.latencyCounts ?? [])
  if (!counts.some((count) => count > 0)) return null
  return { p50: quantile(counts, 0.5), p99: quantile(counts, 0.99) }
}
