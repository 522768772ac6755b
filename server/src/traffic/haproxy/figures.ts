/**
 * What was counted for each service, from the lines HAProxy writes at the end of each request and connection. The
 * lines outlive this process, so counting goes on where it was after a restart.
 */
import { emptyHistogram, recordLatency } from '@fairway/contract/latency-histogram'
import type { LogLine } from './log-lines.ts'

export type ServerFigures = { requests: number; failures: number; cut: number }

export type ServiceFigures = {
  requests: number
  failures: number
  longestGapMs: number
  lastSuccess: number
  /** Start of the first request since the last success that failed. */
  waitingSince: number | null
  /** Times between two successes that were longer than any known gap: `[from, to]`. */
  quiet: [number, number][]
  latency: number[]
  servers: Record<string, ServerFigures>
}

export type Figures = Record<string, ServiceFigures>

const newFigures = (): ServiceFigures => ({
  requests: 0,
  failures: 0,
  longestGapMs: 0,
  lastSuccess: 0,
  waitingSince: null,
  quiet: [],
  latency: emptyHistogram(),
  servers: {},
})

export function figuresOf(figures: Figures, key: string): ServiceFigures {
  figures[key] ??= newFigures()
  return figures[key]
}

export function serverFigures(service: ServiceFigures, name: string): ServerFigures {
  service.servers[name] ??= { requests: 0, failures: 0, cut: 0 }
  return service.servers[name]
}

/** Changes the figures in place: this runs once for each request. */
export function countLine(figures: Figures, line: LogLine): void {
  if (line.key === undefined) return
  const service = figuresOf(figures, line.key)
  const failed = isFailure(line)
  service.requests += 1
  if (failed) service.failures += 1
  if (line.server !== undefined) {
    const server = serverFigures(service, line.server)
    server.requests += 1
    if (failed) server.failures += 1
  }
  if (line.status < 500 && !failed) {
    recordLatency(service.latency, line.latencyMs)
    succeeded(service, line)
  } else if (failed) service.waitingSince = Math.min(service.waitingSince ?? line.startedAt, line.startedAt)
}

/** The gateway could not answer, or had to break an answer off; not that the client left, nor what the instance says. */
function isFailure({ ending, status }: LogLine): boolean {
  const cause = ending[0] ?? '-'
  if (cause === '-' || 'Cc'.includes(cause) || status === 101) return false
  return status >= 500 || status < 0 || 'DL'.includes(ending[1] ?? '-')
}

const QUIET_KEPT = 50

/** A gap is the time in which at least one request was waiting and none succeeded. */
function succeeded(service: ServiceFigures, { startedAt, answeredAt }: LogLine): void {
  const waiting = Math.min(startedAt, service.waitingSince ?? startedAt)
  if (service.lastSuccess > 0 && answeredAt - service.lastSuccess > service.longestGapMs) {
    service.quiet.push([service.lastSuccess, answeredAt])
    if (service.quiet.length > QUIET_KEPT) service.quiet.shift()
  }
  // A request that waited long may tell later that an earlier quiet time was a gap.
  for (const [from, to] of service.quiet) {
    const gap = Math.min(to, answeredAt) - Math.max(from, waiting)
    if (gap > service.longestGapMs) service.longestGapMs = gap
  }
  if (service.lastSuccess === 0) service.longestGapMs = Math.max(0, answeredAt - waiting)
  if (service.quiet.length > 0)
    service.quiet = service.quiet.filter(([from, to]) => to - from > service.longestGapMs)
  service.lastSuccess = Math.max(service.lastSuccess, answeredAt)
  service.waitingSince = null
}
