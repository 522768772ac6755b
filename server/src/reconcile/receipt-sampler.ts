import type { Db } from '../db/db.ts'
import { addRolloutSample, type FollowedRollout, readFollowedRollout } from '../db/rollout-receipts.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { latencyBetween } from './receipt.ts'
import type { ServiceReport, Traffic } from './traffic-port.ts'

const FINEST_MS = 200
/** The longer it takes, the coarser: each sample adds this part to the time so far. A second at most for ten minutes. */
const STEP = 1 / 600
const LONG_MS = 10 * 60_000
const LONG_STEP = 1 / 120
/** When many roll out at once each is asked less often. */
const AT_ONCE = 8
/** After its end, until the old instances have drained. */
const TAIL_MS = 5_000
const DRAIN_TAIL_MS = 60_000

/** Writes down what the gateway measures while a rollout goes on. */
export type ReceiptSampler = {
  /** Sees that the rollout is followed until it has ended; to be called again and again. */
  follow(service: string, rolloutId: string): void
  stop(): Promise<void>
}

type Deps = { db: Db; traffic: Pick<Traffic, 'report'>; clock: Clock; log: Log }

export function startReceiptSampler(deps: Deps): ReceiptSampler {
  const followed = new Map<string, Promise<void>>()
  const stopping = new AbortController()
  return {
    follow: (service, rolloutId) => {
      if (followed.has(rolloutId) || stopping.signal.aborted) return
      const wait = (startedAt: number): Promise<void> => {
        const elapsed = deps.clock.now().getTime() - startedAt
        return pause(sampleEveryMs(elapsed, followed.size), stopping.signal)
      }
      const work = followRollout(deps, { service, rolloutId }, { wait, signal: stopping.signal })
        .catch((error: unknown) => {
          // The receipt keeps its totals; the next pass over the service follows it again.
          deps.log.warn({ err: error, service }, 'a rollout cannot be measured now')
        })
        .finally(() => followed.delete(rolloutId))
      followed.set(rolloutId, work)
    },
    stop: async () => {
      stopping.abort()
      await Promise.all(followed.values())
    },
  }
}

/** Pure. How long to wait between two samples, for a rollout that goes on for `elapsedMs` beside `others`. */
export const sampleEveryMs = (elapsedMs: number, others: number): number =>
  Math.max(FINEST_MS, elapsedMs * (elapsedMs < LONG_MS ? STEP : LONG_STEP)) * Math.max(1, others / AT_ONCE)

type Followed = { service: string; rolloutId: string }
type Pace = { wait(startedAt: number): Promise<void>; signal: AbortSignal }
type Reading = { at: Date; report: ServiceReport }

async function followRollout(deps: Deps, { service, rolloutId }: Followed, pace: Pace): Promise<void> {
  const startedAt = deps.clock.now().getTime()
  let before: Reading | undefined
  while (!pace.signal.aborted) {
    const rollout = await readFollowedRollout(deps.db, rolloutId)
    if (rollout === undefined || isOver(rollout, deps.clock.now())) return
    const report = await deps.traffic.report(service)
    const reading = report && { at: deps.clock.now(), report }
    if (before !== undefined && reading !== undefined) {
      await addRolloutSample(deps.db, rolloutId, sampleOf(before, reading, rollout.counts))
    }
    before = reading
    await pace.wait(startedAt)
  }
}

function isOver({ endedAt, counts }: FollowedRollout, now: Date): boolean {
  if (endedAt === null) return false
  const since = now.getTime() - endedAt.getTime()
  return since > (counts.oldDraining > 0 ? DRAIN_TAIL_MS : TAIL_MS)
}

/** Pure. What happened between two readings. A gateway that counts less was started anew. */
export function sampleOf(before: Reading, after: Reading, counts: FollowedRollout['counts']) {
  const { totals, backends } = after.report
  const anew = totals.requests < before.report.totals.requests
  const base = anew ? undefined : before.report.totals
  const latency = latencyBetween(base, totals)
  return {
    ...counts,
    at: after.at,
    spanMs: after.at.getTime() - before.at.getTime(),
    requests: totals.requests - (base?.requests ?? 0),
    failures: totals.failures - (base?.failures ?? 0),
    p50Ms: latency?.p50 ?? null,
    p99Ms: latency?.p99 ?? null,
    inFlight: backends.reduce((sum, { inFlight }) => sum + inFlight, 0),
    webSockets: backends.reduce((sum, { openWebSockets }) => sum + openWebSockets, 0),
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    timer.unref()
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
