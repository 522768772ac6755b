import type { ServiceReport } from './traffic-port.ts'

/** What the gateway had counted when a rollout began. */
export type OpenReceipt = { start: ServiceReport['totals'] | null }

/** What was measured during a rollout. `longestGapMs` is null when no gap was longer than one before the rollout. */
export type Receipt = {
  requests: number
  failures: number
  longestGapMs: number | null
  latencyMs: { p50: number; p99: number } | null
  durationMs: number
}

/** Pure. A gateway that counts less than at the start was started anew: then all it counted is of this rollout. */
export function closeReceipt(
  open: Partial<OpenReceipt> | null,
  end: ServiceReport['totals'] | undefined,
  durationMs: number,
): Receipt {
  const start = open?.start ?? null
  const base = start === null || end === undefined || end.requests < start.requests ? null : start
  const grew = end !== undefined && end.longestGapMs > (base?.longestGapMs ?? 0)
  return {
    requests: (end?.requests ?? 0) - (base?.requests ?? 0),
    failures: (end?.failures ?? 0) - (base?.failures ?? 0),
    longestGapMs: grew ? end.longestGapMs : null,
    latencyMs: end?.latencyMs ?? null,
    durationMs,
  }
}
