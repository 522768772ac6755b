import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProbeRecord } from '../../db/instances.ts'
import {
  applyAnswer,
  freshProbe,
  nextQuestion,
  type ProbeOptions,
  type ProbeType,
  probesOf,
  wantsRestart,
} from './probe-state.ts'

const NOW = new Date('2026-01-01T12:00:00Z')
const options = (type: ProbeType, change: Partial<ProbeOptions> = {}): ProbeOptions => ({
  type,
  initialDelaySeconds: 0,
  periodSeconds: 10,
  failureThreshold: 3,
  successThreshold: 1,
  ...change,
})

/** `+` a success, `-` a failure, `.` a failure of an extra question. */
function after(type: ProbeType, answers: string, change: Partial<ProbeOptions> = {}): ProbeRecord {
  const how = options(type, change)
  return [...answers].reduce(
    (state, answer) =>
      applyAnswer(state, { ok: answer === '+', latencyMs: 1, response: answer }, how, {
        now: NOW,
        counts: answer !== '.',
      }),
    freshProbe(type, NOW),
  )
}

describe('a probe', () => {
  test.each([
    ['readinessProbe', '', false],
    ['readinessProbe', '+', true],
    ['readinessProbe', '+--', true],
    ['readinessProbe', '+---', false],
    ['readinessProbe', '+--+--', true],
    ['readinessProbe', '+---+', true],
    ['livenessProbe', '', true],
    ['livenessProbe', '--', true],
    ['livenessProbe', '---', false],
    ['startupProbe', '---', false],
    ['startupProbe', '----+', true],
  ] as const)('%s after "%s" passes: %s', (type, answers, passing) => {
    expect(after(type, answers).passing).toBe(passing)
  })

  test('needs as many successes in a row as its threshold says', () => {
    expect(after('readinessProbe', '+-+', { successThreshold: 2 }).passing).toBe(false)
    expect(after('readinessProbe', '+-++', { successThreshold: 2 }).passing).toBe(true)
  })

  test('keeps the last ten answers', () => {
    const { lastAnswers } = after('readinessProbe', '+'.repeat(12))
    expect(lastAnswers).toHaveLength(10)
    expect(lastAnswers[0]).toEqual({ at: NOW.toISOString(), ok: true, latencyMs: 1, response: '+' })
  })

  test('asks for a restart when alive no more, or when it never started; readiness never does', () => {
    const asks = (type: ProbeType, answers: string) => wantsRestart(options(type), after(type, answers))
    expect(asks('livenessProbe', '--')).toBe(false)
    expect(asks('livenessProbe', '---')).toBe(true)
    expect(asks('startupProbe', '--')).toBe(false)
    expect(asks('startupProbe', '---')).toBe(true)
    expect(asks('startupProbe', '....')).toBe(false)
    expect(asks('readinessProbe', '-----')).toBe(false)
  })

  test('passes or not by nothing but the answers since it last changed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (answers, failureThreshold, successThreshold) => {
          const text = answers.map((ok) => (ok ? '+' : '-')).join('')
          const state = after('readinessProbe', text, { failureThreshold, successThreshold })
          const lastUp = text.lastIndexOf('+'.repeat(successThreshold))
          const since = lastUp < 0 ? '' : text.slice(lastUp)
          expect(state.passing).toBe(lastUp >= 0 && !since.includes('-'.repeat(failureThreshold)))
        },
      ),
    )
  })
})

describe('the next question', () => {
  const fresh = freshProbe('readinessProbe', NOW)

  test('comes soon before the first success, and later and later', () => {
    const first = nextQuestion(options('readinessProbe'), fresh, { asked: 1, sinceCountedMs: 0 })
    const later = nextQuestion(options('readinessProbe'), fresh, { asked: 20, sinceCountedMs: 0 })
    expect(first).toEqual({ afterMs: 11.5, counts: false })
    expect(later.afterMs).toBeGreaterThan(150)
    expect(later.counts).toBe(false)
  })

  test('counts when it falls on the beat of the period, and is never later than that', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(20_000), (asked, sinceCountedMs) => {
        const next = nextQuestion(options('startupProbe'), freshProbe('startupProbe', NOW), {
          asked,
          sinceCountedMs,
        })
        expect(next.afterMs).toBeLessThanOrEqual(Math.max(0, 10_000 - sinceCountedMs))
        expect(next.counts).toBe(sinceCountedMs + next.afterMs >= 10_000)
      }),
    )
  })

  test('comes after the period once it passes', () => {
    const passing = after('readinessProbe', '+')
    expect(nextQuestion(options('readinessProbe'), passing, { asked: 9, sinceCountedMs: 3 })).toEqual({
      afterMs: 10_000,
      counts: true,
    })
  })
})

test('an HTTP liveness probe alone makes a readiness probe of its own', () => {
  const liveness = {
    ...options('livenessProbe'),
    protocol: 'HTTP',
    path: '/',
    port: 80,
    timeoutSeconds: 1,
  } as const
  expect(probesOf([liveness])).toEqual([liveness, { ...liveness, type: 'readinessProbe' }])
  const readiness = { ...liveness, type: 'readinessProbe', path: '/ready' } as const
  expect(probesOf([liveness, readiness])).toEqual([liveness, readiness])
  expect(probesOf([{ ...liveness, protocol: 'TCP' }])).toHaveLength(1)
})
