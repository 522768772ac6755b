/** Adds up what the workers counted. Pure. */
import { addHistograms, emptyHistogram, quantile } from '@fairway/contract/latency-histogram'
import type { BackendSnapshot, ServiceSnapshot, WorkerReport } from '../messages.ts'

/** As `reconcile/traffic-port.ts` of the server has it. */
export type MergedBackend = Omit<BackendSnapshot, 'draining'> & { state: 'active' | 'draining' | 'drained' }
export type MergedService = {
  key: string
  generation: number
  backends: MergedBackend[]
  totals: {
    requests: number
    failures: number
    /** The longest of any worker: with several workers never less than the whole gateway's. */
    longestGapMs: number
    latencyMs: { p50: number; p99: number }
    latencyCounts: number[]
  }
}

export function mergeReports(reports: readonly WorkerReport[]): MergedService[] {
  const byKey = new Map<string, ServiceSnapshot[]>()
  for (const snapshot of reports.flatMap((report) => report.services)) {
    byKey.set(snapshot.key, [...(byKey.get(snapshot.key) ?? []), snapshot])
  }
  return [...byKey.values()].flatMap((snapshots) => mergeService(snapshots) ?? [])
}

function mergeService(snapshots: readonly ServiceSnapshot[]): MergedService | undefined {
  const [first] = snapshots
  if (first === undefined) return undefined
  const totals = snapshots.map((snapshot) => snapshot.totals)
  const latency = totals.map((total) => total.latency).reduce(addHistograms, emptyHistogram())
  return {
    key: first.key,
    // The generation that every worker serves.
    generation: Math.min(...snapshots.map((snapshot) => snapshot.generation)),
    backends: mergeBackends(snapshots.flatMap((snapshot) => snapshot.backends)),
    totals: {
      requests: sum(totals.map((total) => total.requests)),
      failures: sum(totals.map((total) => total.failures)),
      longestGapMs: Math.round(Math.max(...totals.map((total) => total.longestGapMs))),
      latencyMs: { p50: quantile(latency, 0.5), p99: quantile(latency, 0.99) },
      latencyCounts: latency,
    },
  }
}

/** An id may stand for several addresses: one for each port of the instance. */
function mergeBackends(snapshots: readonly BackendSnapshot[]): MergedBackend[] {
  const byId = new Map<string, BackendSnapshot>()
  for (const next of snapshots) {
    const before = byId.get(next.id)
    byId.set(next.id, before === undefined ? next : addBackends(before, next))
  }
  return [...byId.values()].map(({ draining, ...counts }) => ({
    ...counts,
    state: stateOf(draining, counts),
  }))
}

function stateOf(draining: boolean, counts: Omit<BackendSnapshot, 'draining'>): MergedBackend['state'] {
  if (!draining) return 'active'
  return counts.inFlight + counts.openWebSockets === 0 ? 'drained' : 'draining'
}

const addBackends = (a: BackendSnapshot, b: BackendSnapshot): BackendSnapshot => ({
  id: a.id,
  // Some address of it still takes requests: then it is not drained.
  draining: a.draining && b.draining,
  inFlight: a.inFlight + b.inFlight,
  openWebSockets: a.openWebSockets + b.openWebSockets,
  requests: a.requests + b.requests,
  failures: a.failures + b.failures,
  cut: a.cut + b.cut,
})

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
