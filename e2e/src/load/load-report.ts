/** What the load generator measures, and how. Pure: times come in. */

/** One stretch of the load, named by `mark`. Times in milliseconds. */
export type PhaseReport = {
  requests: number
  failed: number
  longestGapMs: number
  latencyMs: { p50: number; p99: number }
}

export type WebSocketReport = {
  open: number
  opened: number
  /** How many ended with each close code; 1006 is an end without a close frame. */
  closesByCode: Record<string, number>
  /** Ended as a drained instance's do (1012 unless told otherwise), and opened again. */
  restarted: number
  /** Ended in any other way, or could not be opened. */
  failed: number
  /** `sinceDrainMs`: from `drainBegan(instance)` to the close, where both are known. */
  closes: { code: number; instance?: string; sinceDrainMs?: number }[]
}

export type LoadReport = PhaseReport & {
  durationMs: number
  /** The first ten reasons. */
  failures: string[]
  phases: Record<string, PhaseReport>
  webSockets: WebSocketReport
}

type Tally = { requests: number; failed: number; longestGapMs: number; latencies: number[] }

const newTally = (): Tally => ({ requests: 0, failed: 0, longestGapMs: 0, latencies: [] })

export class LoadTally {
  readonly #all = newTally()
  readonly #phases = new Map<string, Tally>()
  readonly #failures: string[] = []
  readonly #startedAt: number
  readonly #drains = new Map<string, number>()
  readonly webSockets: WebSocketReport = {
    open: 0,
    opened: 0,
    closesByCode: {},
    restarted: 0,
    failed: 0,
    closes: [],
  }
  #phase: Tally
  #lastSuccess: number

  constructor(now: number, phase = 'before') {
    this.#startedAt = now
    this.#lastSuccess = now
    this.#phase = this.#phaseOf(phase)
  }

  mark(phase: string): void {
    this.#phase = this.#phaseOf(phase)
  }

  succeeded(now: number, latencyMs: number): void {
    for (const tally of [this.#all, this.#phase]) {
      tally.requests += 1
      tally.latencies.push(latencyMs)
      tally.longestGapMs = Math.max(tally.longestGapMs, now - this.#lastSuccess)
    }
    this.#lastSuccess = now
  }

  failed(reason: string): void {
    for (const tally of [this.#all, this.#phase]) {
      tally.requests += 1
      tally.failed += 1
    }
    this.#note(reason)
  }

  drainBegan(now: number, instance: string): void {
    this.#drains.set(instance, now)
  }

  webSocketOpened(): void {
    this.webSockets.open += 1
    this.webSockets.opened += 1
  }

  webSocketClosed(
    now: number,
    code: number,
    { instance, moved }: { instance: string | undefined; moved: boolean },
  ): void {
    const drain = instance === undefined ? undefined : this.#drains.get(instance)
    this.webSockets.open -= 1
    this.webSockets.closesByCode[code] = (this.webSockets.closesByCode[code] ?? 0) + 1
    this.webSockets.closes.push({
      code,
      ...(instance === undefined ? {} : { instance }),
      ...(drain === undefined ? {} : { sinceDrainMs: Math.round(now - drain) }),
    })
    if (moved) this.webSockets.restarted += 1
    else this.webSocketFailed(`WebSocket closed with ${code}`)
  }

  webSocketFailed(reason: string): void {
    this.webSockets.failed += 1
    this.#note(reason)
  }

  report(now: number): LoadReport {
    const phases = [...this.#phases].map(([name, tally]) => [name, phaseReport(tally)] as const)
    // A gap that is still open counts.
    const openGap = Math.round(now - this.#lastSuccess)
    const total = phaseReport(this.#all)
    return {
      ...total,
      longestGapMs: Math.max(total.longestGapMs, openGap),
      durationMs: Math.round(now - this.#startedAt),
      failures: [...this.#failures],
      phases: Object.fromEntries(phases),
      webSockets: structuredClone(this.webSockets),
    }
  }

  #phaseOf(name: string): Tally {
    const tally = this.#phases.get(name) ?? newTally()
    this.#phases.set(name, tally)
    return tally
  }

  #note(reason: string): void {
    if (this.#failures.length < 10) this.#failures.push(reason)
  }
}

function phaseReport(tally: Tally): PhaseReport {
  const sorted = [...tally.latencies].sort((a, b) => a - b)
  return {
    requests: tally.requests,
    failed: tally.failed,
    longestGapMs: Math.round(tally.longestGapMs),
    latencyMs: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) },
  }
}

/** The smallest value that the share `q` of the values does not exceed; 0 when there is none. */
function quantile(sorted: readonly number[], q: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0
  return Number(value.toFixed(2))
}
