import type { HealthCheck } from '@fairway/contract/resources/health-check'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { until } from '../services-test-calls.ts'
import { DueQueue } from './due-queue.ts'
import { type ProbeStates, type ProbeTarget, startProber } from './prober.ts'

const check = (type: HealthCheck['type'], change: Partial<HealthCheck> = {}): HealthCheck => ({
  type,
  protocol: 'HTTP',
  initialDelaySeconds: 0,
  periodSeconds: 0.02,
  timeoutSeconds: 1,
  failureThreshold: 3,
  successThreshold: 1,
  ...change,
})

const target = (instance: string, checks: HealthCheck[], known: ProbeStates = {}): ProbeTarget => ({
  instance,
  attempt: 0,
  startedAt: new Date(),
  checks,
  addresses: {},
  known,
})

/** A prober over answers that the test decides. */
function world(
  answers: (asked: { instance: string; type: string; nth: number }) => boolean | Promise<boolean>,
) {
  const asked: string[] = []
  const verdicts: string[] = []
  const stored: { instance: string; attempt: number; probes: ProbeStates }[] = []
  const prober = startProber({
    clock: systemClock,
    mask: (text) => text.replace('secret', '***'),
    ask: async ({ instance }, { type }) => {
      asked.push(`${instance} ${type}`)
      const nth = asked.filter((one) => one === `${instance} ${type}`).length
      const ok = await answers({ instance, type, nth })
      return { ok, latencyMs: 1, response: 'the secret' }
    },
    onVerdict: (service) => verdicts.push(service),
    onAnswers: (some) => stored.push(...some),
    flushEveryMs: 20,
  })
  return { prober, asked, verdicts, stored }
}

describe('the prober', () => {
  test('tells when a probe begins to pass and when it ceases to, and nothing in between', async () => {
    let ok = false
    const { prober, asked, verdicts } = world(() => ok)
    prober.follow('p/s', [target('i', [check('readinessProbe')])])
    await until(async () => asked.length >= 5)
    expect(verdicts).toEqual([])
    ok = true
    await until(async () => verdicts.length === 1)
    expect(prober.statesOf('i', 0)?.readinessProbe?.passing).toBe(true)
    ok = false
    await until(async () => verdicts.length === 2)
    expect(prober.statesOf('i', 0)?.readinessProbe?.passing).toBe(false)
    prober.stop()
  })

  test('asks the others only when the startup probe has passed', async () => {
    const { prober, asked } = world(({ nth }) => nth >= 3)
    prober.follow('p/s', [
      target('i', [check('startupProbe'), check('livenessProbe'), check('readinessProbe')]),
    ])
    await until(async () => asked.includes('i readinessProbe') && asked.includes('i livenessProbe'))
    expect(asked.slice(0, 3)).toEqual(['i startupProbe', 'i startupProbe', 'i startupProbe'])
    expect(asked.filter((one) => one === 'i startupProbe')).toHaveLength(3)
    prober.stop()
  })

  test('goes on from what an earlier control plane knew', async () => {
    const known = {
      readinessProbe: {
        passing: true,
        successes: 5,
        failures: 0,
        lastAnswers: [],
        changedAt: '2026-01-01T00:00:00Z',
      },
    }
    const { prober, asked, verdicts } = world(() => true)
    prober.follow('p/s', [target('i', [check('readinessProbe')], known)])
    await until(async () => asked.length >= 2)
    expect(verdicts).toEqual([])
    expect(prober.statesOf('i', 0)?.readinessProbe?.changedAt).toBe('2026-01-01T00:00:00Z')
    prober.stop()
  })

  test('forgets who is no longer followed, and masks what it stores', async () => {
    const { prober, asked, stored } = world(() => false)
    prober.follow('p/s', [target('i', [check('readinessProbe')])])
    await until(async () => stored.length > 0)
    expect(stored[0]?.probes.readinessProbe?.lastAnswers[0]?.response).toBe('the ***')
    prober.follow('p/s', [target('j', [check('readinessProbe')])])
    const before = asked.filter((one) => one.startsWith('i')).length
    await until(async () => asked.filter((one) => one.startsWith('j')).length >= 5)
    expect(asked.filter((one) => one.startsWith('i')).length - before).toBeLessThanOrEqual(1)
    expect(prober.statesOf('i', 0)).toBeUndefined()
    prober.stop()
  })

  test('asks no more than 64 at once, however many there are', async () => {
    let now = 0
    let most = 0
    const { prober, asked } = world(async () => {
      now += 1
      most = Math.max(most, now)
      await new Promise((resolve) => setTimeout(resolve, 5))
      now -= 1
      return true
    })
    const many = Array.from({ length: 500 }, (_, i) =>
      target(`i${i}`, [check('readinessProbe', { periodSeconds: 60 })]),
    )
    prober.follow('p/s', many)
    await until(async () => asked.length >= 500)
    expect(asked).toHaveLength(500)
    expect(most).toBe(64)
    prober.stop()
  })
})

test('the queue gives items in the order they are due, and none before', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.nat(1000), (times, now) => {
      const queue = new DueQueue<number>()
      for (const at of times) queue.push(at, at)
      const taken: number[] = []
      for (let item = queue.takeDue(now); item !== undefined; item = queue.takeDue(now)) taken.push(item)
      expect(taken).toEqual(times.filter((at) => at <= now).sort((a, b) => a - b))
    }),
  )
})
