import { healthCheck } from '@fairway/contract/resources/health-check'
import { describe, expect, test } from 'vitest'
import type { InstanceRow } from '../db/instances.ts'
import { exited, observeInstance } from './instance-observation.ts'
import type { ObservedInstance } from './runtime-port.ts'

const NOW = new Date('2026-01-01T12:00:00Z')
const ago = (ms: number): Date => new Date(NOW.getTime() - ms)

const row = (change: Partial<InstanceRow> = {}): InstanceRow => ({
  id: 'i',
  revision_id: 'v1',
  rollout_id: null,
  state: 'running',
  ready: false,
  routed: false,
  addresses: {},
  attempt: 0,
  restarts: 0,
  next_start_at: null,
  crash_looping: false,
  last_exit: null,
  probes: {},
  drain_deadline: null,
  created_at: ago(60_000),
  started_at: ago(5000),
  ready_at: null,
  ...change,
})
const seen = (change: Partial<ObservedInstance> = {}): ObservedInstance => ({
  id: 'i.0',
  labels: { projectId: 'p', ownerKind: 'service', ownerId: 's', revision: 'v1' },
  state: 'running',
  addresses: { http: { host: '127.0.0.1', port: 20_001 } },
  startedAt: ago(5000),
  ...change,
})
const gone = { state: 'exited', exitCode: 3, exitedAt: ago(10) } as const
const look = (one: InstanceRow, found: ObservedInstance | undefined) =>
  observeInstance(one, { seen: found, states: undefined, checks: [] }, NOW)

describe('an instance', () => {
  test('runs when the runtime says so, also when its start was interrupted', () => {
    for (const state of ['created', 'starting'] as const) {
      expect(look(row({ state }), seen())).toMatchObject({ to: 'running', change: { started_at: ago(5000) } })
      expect(look(row({ state }), undefined)).toBeUndefined()
    }
  })

  test('without probes is ready once it has run for a while, and not again', () => {
    expect(look(row({ started_at: ago(900) }), seen())).toBeUndefined()
    expect(look(row(), seen())).toEqual({ change: { ready: true, probes: {}, ready_at: NOW } })
    expect(look(row({ ready: true, ready_at: ago(100) }), seen())).toBeUndefined()
  })

  test('is written as ready together with the answers that say so, which outlive this control plane', () => {
    const readiness = {
      passing: true,
      successes: 1,
      failures: 0,
      lastAnswers: [],
      changedAt: NOW.toISOString(),
    }
    const checks = [healthCheck.parse({ type: 'readinessProbe', protocol: 'TCP', port: 80 })]
    const states = { readinessProbe: readiness }
    const observed = observeInstance(row(), { seen: seen(), states, checks }, NOW)
    expect(observed?.change).toEqual({ ready: true, probes: states, ready_at: NOW })
    const after = row({ ...observed?.change })
    expect(observeInstance(after, { seen: seen(), states: after.probes, checks }, NOW)).toBeUndefined()
  })

  test('that exits at once is never ready', () => {
    expect(look(row(), seen(gone))).toMatchObject({ to: 'crashed', change: { ready: false } })
  })

  test('has crashed when it exits or the runtime forgot it, and is gone when that was wanted', () => {
    expect(look(row(), seen(gone))).toMatchObject({
      to: 'crashed',
      change: { ready: false, routed: false, last_exit: { exitCode: 3 } },
    })
    expect(look(row(), undefined)).toMatchObject({ to: 'crashed' })
    for (const state of ['draining', 'stopping'] as const) {
      expect(look(row({ state }), seen(gone))).toMatchObject({ to: 'gone', change: { ended_at: NOW } })
      expect(look(row({ state }), undefined)).toMatchObject({ to: 'gone' })
      expect(look(row({ state }), seen())).toBeUndefined()
    }
  })

  test('is started again after 1, 2, 4 … 60 seconds, and after 1 again when it ran for ten minutes', () => {
    let last = row({ started_at: ago(100) }).last_exit
    const delays: number[] = []
    for (let i = 0; i < 8; i += 1) {
      const { change } = exited(
        { last_exit: last, started_at: ago(100) },
        { exitCode: 1, exitedAt: NOW },
        NOW,
      )
      delays.push((change.next_start_at!.getTime() - NOW.getTime()) / 1000)
      last = change.last_exit!
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
    const long = exited(
      { last_exit: last, started_at: ago(10 * 60_000) },
      { exitCode: 1, exitedAt: NOW },
      NOW,
    )
    expect(long.change.next_start_at).toEqual(new Date(NOW.getTime() + 1000))
  })

  test('is a crash loop at the fourth exit within five minutes, and not when they are far apart', () => {
    const at = (ms: number) => ago(ms).toISOString()
    const exits = (recent: string[]) =>
      exited(
        { started_at: ago(100), last_exit: { at: at(0), recent, streak: 3 } },
        { exitCode: 1, exitedAt: NOW },
        NOW,
      ).change.crash_looping
    expect(exits([at(3000), at(2000)])).toBe(false)
    expect(exits([at(4000), at(3000), at(2000)])).toBe(true)
    expect(exits([at(400_000), at(3000), at(2000)])).toBe(false)
  })
})
