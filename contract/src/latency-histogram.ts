/**
 * Latencies in 120 buckets, each 15 % wider than the one before, from 0.05 ms to about 15 minutes: small enough to
 * send between processes, and a percentile is right to 15 %. Counts only grow, so the difference of two readings
 * tells of the time between them.
 */
const FIRST_MS = 0.05
const GROWTH = 1.15
const BUCKETS = 120
const LOG_GROWTH = Math.log(GROWTH)

export const emptyHistogram = (): number[] => new Array<number>(BUCKETS).fill(0)

export function recordLatency(histogram: number[], ms: number): void {
  const bucket = ms <= FIRST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / FIRST_MS) / LOG_GROWTH))
  histogram[bucket] = (histogram[bucket] ?? 0) + 1
}

/** The upper edge in milliseconds of the bucket that holds the quantile; 0 when nothing was recorded. */
export function quantile(histogram: readonly number[], q: number): number {
  const total = histogram.reduce((sum, count) => sum + count, 0)
  if (total === 0) return 0
  let left = Math.ceil(total * q)
  const bucket = histogram.findIndex((count) => {
    left -= count
    return left <= 0
  })
  return Number((FIRST_MS * GROWTH ** bucket).toFixed(3))
}

export const addHistograms = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((count, bucket) => count + (b[bucket] ?? 0))

/** What was recorded between two readings. */
export const subtractHistograms = (later: readonly number[], earlier: readonly number[]): number[] =>
  later.map((count, bucket) => count - (earlier[bucket] ?? 0))
