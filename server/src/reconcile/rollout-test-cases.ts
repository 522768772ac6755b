/** For tests: a service that is rolled out, and its instances, at one moment. */
import type { DesiredService, ServiceInstance } from './rollout-model.ts'
import { planService } from './rollout-plan.ts'

export const NOW = new Date('2026-01-01T12:00:00Z')
export const ago = (ms: number): Date => new Date(NOW.getTime() - ms)
export const ahead = (ms: number): Date => ago(-ms)

export const desired = (change: Partial<DesiredService> = {}): DesiredService => ({
  revision: 'new',
  lastGood: 'old',
  instances: 1,
  deleting: false,
  maxSurge: 1,
  maxUnavailable: 0,
  stopFirst: false,
  hasRoutes: true,
  minReadyMs: 1000,
  progressDeadlineMs: 60_000,
  rollout: { id: 'r', revision: 'new', state: 'running', startedAt: ago(5000) },
  failure: null,
  reason: 'DEPLOYING',
  ...change,
})
export const steady = (change: Partial<DesiredService> = {}): DesiredService =>
  desired({ revision: 'old', rollout: null, ...change })

export const instance = (id: string, change: Partial<ServiceInstance> = {}): ServiceInstance => ({
  id,
  revision: id.startsWith('old') ? 'old' : 'new',
  state: 'running',
  createdAt: ago(6000),
  startedAt: ago(6000),
  readyAt: ago(5000),
  readySince: ago(5000),
  settlesAt: null,
  routed: true,
  restarts: 0,
  nextStartAt: null,
  crashLooping: false,
  sick: null,
  ending: false,
  drain: null,
  ...change,
})
export const unready = { readyAt: null, readySince: null, routed: false } as const
export const crashed = { state: 'crashed', ...unready, nextStartAt: ahead(500) } as const
export const draining = {
  state: 'draining',
  routed: false,
  readySince: null,
  drain: { since: ago(100), deadline: ahead(5000), drained: false },
} as const

export const actions = (wanted: DesiredService, ...instances: ServiceInstance[]) =>
  planService(wanted, instances, NOW).actions
