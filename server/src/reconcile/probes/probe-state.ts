import type { HealthCheck } from '@fairway/contract/resources/health-check'
import type { ProbeRecord } from '../../db/instances.ts'

export type ProbeType = HealthCheck['type']
export type ProbeOptions = Pick<
  HealthCheck,
  'type' | 'initialDelaySeconds' | 'periodSeconds' | 'failureThreshold' | 'successThreshold'
>
/** `response` is what people are shown: the status and the start of the answer, or why there was none. */
export type ProbeAnswer = { ok: boolean; latencyMs: number; response: string }

const ANSWERS_KEPT = 10

/** An instance is alive until it says otherwise; it is neither started nor ready until it says so. */
export const freshProbe = (type: ProbeType, now: Date): ProbeRecord => ({
  passing: type === 'livenessProbe',
  successes: 0,
  failures: 0,
  lastAnswers: [],
  changedAt: now.toISOString(),
})

/**
 * Takes one answer into account. Pure. `counts: false` is for the extra questions asked before the first success:
 * their failures are kept to be shown, but do not count.
 */
export function applyAnswer(
  state: ProbeRecord,
  answer: ProbeAnswer,
  options: Pick<ProbeOptions, 'failureThreshold' | 'successThreshold'>,
  { now, counts }: { now: Date; counts: boolean },
): ProbeRecord {
  const successes = answer.ok ? state.successes + 1 : 0
  const failures = answer.ok ? 0 : state.failures + (counts ? 1 : 0)
  const passing = answer.ok
    ? state.passing || successes >= options.successThreshold
    : state.passing && failures < options.failureThreshold
  const at = now.toISOString()
  return {
    passing,
    successes,
    failures,
    lastAnswers: [...state.lastAnswers, { at, ...answer }].slice(-ANSWERS_KEPT),
    changedAt: passing === state.passing ? state.changedAt : at,
  }
}

/** Whether the probe asks for the instance to be restarted. A readiness probe never does. */
export function wantsRestart(options: ProbeOptions, state: ProbeRecord): boolean {
  if (options.type === 'livenessProbe') return !state.passing
  return options.type === 'startupProbe' && !state.passing && state.failures >= options.failureThreshold
}

const FIRST_EXTRA_MS = 10
const EXTRA_GROWTH = 1.15

/**
 * When to ask next, in milliseconds, and whether a failure will then count. Before the first success an instance is
 * asked more often than `periodSeconds`, so that it serves as soon as it can; only the answers at the period's own
 * beat count as failures.
 */
export function nextQuestion(
  options: ProbeOptions,
  state: ProbeRecord,
  { asked, sinceCountedMs }: { asked: number; sinceCountedMs: number },
): { afterMs: number; counts: boolean } {
  const periodMs = options.periodSeconds * 1000
  if (state.passing || options.type === 'livenessProbe') return { afterMs: periodMs, counts: true }
  const extraMs = FIRST_EXTRA_MS * EXTRA_GROWTH ** asked
  const untilCountedMs = Math.max(0, periodMs - sinceCountedMs)
  return extraMs < untilCountedMs
    ? { afterMs: extraMs, counts: false }
    : { afterMs: untilCountedMs, counts: true }
}

/** The probes in force: an HTTP liveness probe without a readiness probe makes one of its own. */
export function probesOf(checks: readonly HealthCheck[]): HealthCheck[] {
  const liveness = checks.find(({ type, protocol }) => type === 'livenessProbe' && protocol === 'HTTP')
  if (liveness === undefined || checks.some(({ type }) => type === 'readinessProbe')) return [...checks]
  return [...checks, { ...liveness, type: 'readinessProbe' }]
}
