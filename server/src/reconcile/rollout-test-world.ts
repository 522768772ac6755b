import fc from 'fast-check'
import { expect } from 'vitest'
import type { Action, DesiredService, ServiceInstance } from './rollout-model.ts'
import { isLive, isProven, isServing } from './rollout-model.ts'
import { planService } from './rollout-plan.ts'

/**
 * A simulated world: rows, processes, a gateway that acknowledges late, and people who change their mind. The control
 * plane may be killed after any action, because each pass performs only a prefix of what was planned.
 */
export type Happening =
  | { kind: 'ready' | 'unready' | 'crash' | 'sick' | 'drained' | 'ended'; pick: number }
  | { kind: 'pass'; actions: number; routes: boolean }
  | { kind: 'time'; ms: number }
  | { kind: 'deploy'; bad: boolean }
  | { kind: 'scale'; to: number }

const picked = (kind: Extract<Happening, { pick: number }>['kind']): fc.Arbitrary<Happening> =>
  fc.nat(30).map((pick) => ({ kind, pick }))

export const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      actions: fc.nat(5),
      routes: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: picked('ready') },
  { weight: 1, arbitrary: picked('unready') },
  { weight: 1, arbitrary: picked('crash') },
  { weight: 1, arbitrary: picked('sick') },
  { weight: 3, arbitrary: picked('drained') },
  { weight: 4, arbitrary: picked('ended') },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 3000 }).map((ms) => ({ kind: 'time' as const, ms })) },
  { weight: 1, arbitrary: fc.boolean().map((bad) => ({ kind: 'deploy' as const, bad })) },
  { weight: 1, arbitrary: fc.nat(4).map((to) => ({ kind: 'scale' as const, to })) },
)

export type Room = { maxSurge: number; maxUnavailable: number; stopFirst: boolean }

export class World {
  now = new Date('2026-01-01T00:00:00Z')
  instances: ServiceInstance[] = []
  desired: DesiredService
  readonly bad = new Set<string>()
  ended = 0
  #versions = 0
  #ids = 0

  constructor(instances: number, room: Room) {
    this.desired = {
      revision: null,
      lastGood: null,
      instances,
      deleting: false,
      hasRoutes: true,
      minReadyMs: 1000,
      progressDeadlineMs: 30_000,
      rollout: null,
      failure: null,
      reason: 'DEPLOYING',
      ...room,
    }
    this.deploy(false)
  }

  deploy(bad: boolean): void {
    this.#versions += 1
    const revision = `v${this.#versions}`
    if (bad) this.bad.add(revision)
    const rollout = { id: revision, revision, state: 'pending', startedAt: null } as const
    this.#want({ revision, rollout, failure: null })
  }

  #want(change: Partial<DesiredService>): void {
    this.desired = { ...this.desired, ...change }
  }

  /** Performs the first actions of a plan, and tells the gateway or is killed before it can. */
  pass(actions = Number.POSITIVE_INFINITY, routes = true): Action[] {
    const plan = planService(this.desired, this.instances, this.now)
    const before = this.instances
    for (const action of plan.actions.slice(0, actions)) this.#perform(action)
    if (routes && actions >= plan.actions.length) {
      // A gateway takes new ones in before it drains others.
      const drained = (one: ServiceInstance): boolean => plan.routes.draining.includes(one.id)
      for (const one of before.filter((each) => !drained(each))) this.#acknowledge(one, plan.routes)
      for (const one of before.filter(drained)) this.#acknowledge(one, plan.routes)
    }
    return plan.actions
  }

  #acknowledge(
    { id }: ServiceInstance,
    { active, draining }: { active: string[]; draining: string[] },
  ): void {
    const one = this.instances.find((other) => other.id === id)
    if (one?.state === 'running' && draining.includes(id)) this.#drain(one)
    else if (one !== undefined) this.update(id, { routed: active.includes(id) && one.state === 'running' })
  }

  /** The moment that matters: traffic is taken away for good from one that serves. */
  #drain(one: ServiceInstance): void {
    if (isServing(one, this.desired)) this.#mayLeave(one)
    const deadline = new Date(this.now.getTime() + 3000)
    const drain = { since: this.now, deadline, drained: false }
    this.update(one.id, { state: 'draining', routed: false, readySince: null, drain })
  }

  #mayLeave(one: ServiceInstance): void {
    const { instances, maxUnavailable, stopFirst, rollout, lastGood, revision } = this.desired
    if (stopFirst || revision === null) return
    const others = this.instances.filter((other) => other.id !== one.id)
    const serving = others.filter((other) => isServing(other, this.desired)).length
    expect(serving, 'enough serve without it').toBeGreaterThanOrEqual(instances - maxUnavailable)
    if (rollout === null || one.revision !== lastGood || serving > instances || maxUnavailable > 0) return
    const proved = others.some(
      (other) => other.revision === revision && isProven(other, this.desired, this.now),
    )
    const filled = others.filter((other) => isServing(other, this.desired) && other.revision !== revision)
    expect(proved || filled.length >= instances, 'the new version is proved first').toBe(true)
  }

  #perform(action: Action): void {
    switch (action.do) {
      case 'begin':
        if (this.desired.rollout === null) throw new Error('there is no rollout to begin')
        this.#want({ rollout: { ...this.desired.rollout, state: 'running', startedAt: this.now } })
        return
      case 'complete':
        this.#checkComplete()
        this.ended += 1
        this.#want({ rollout: null, lastGood: this.desired.revision })
        return
      case 'fail':
        this.ended += 1
        this.#want({ rollout: null, revision: this.desired.lastGood, failure: action.cause })
        return
      case 'create':
        for (let i = 0; i < action.count; i += 1) this.#create(action.revision)
        return
      case 'start':
        this.#start(action.instance)
        return
      case 'restart':
        this.update(action.instance, { ending: true })
        return
      case 'stop':
        this.update(action.instance, {
          state: 'stopping',
          ending: true,
          routed: false,
          readySince: null,
        })
        return
      case 'discard':
        this.instances = this.instances.filter(({ id }) => id !== action.instance)
        return
      case 'calm':
      case 'drain':
      case 'forget':
        return
    }
  }

  #checkComplete(): void {
    const { instances, revision } = this.desired
    expect(this.bad.has(revision ?? ''), 'a bad version never completes').toBe(
      instances === 0 && this.bad.has(revision ?? ''),
    )
    const good = this.instances.filter(
      (one) => one.revision === revision && isProven(one, this.desired, this.now),
    )
    expect(good.length, 'all are proved').toBe(instances)
  }

  #create(revision: string): void {
    this.#ids += 1
    this.instances.push({
      id: `i${String(this.#ids).padStart(4, '0')}`,
      revision,
      state: 'created',
      createdAt: this.now,
      startedAt: null,
      readyAt: null,
      readySince: null,
      settlesAt: null,
      routed: false,
      restarts: 0,
      nextStartAt: null,
      crashLooping: false,
      sick: null,
      ending: false,
      drain: null,
    })
    const { instances, maxSurge } = this.desired
    const live = this.instances.filter(isLive).length
    expect(live, 'never more than the surge').toBeLessThanOrEqual(instances + maxSurge)
  }

  #start(id: string): void {
    const one = this.instances.find((other) => other.id === id)
    const restarts = (one?.restarts ?? 0) + (one?.state === 'crashed' ? 1 : 0)
    this.update(id, {
      state: 'running',
      startedAt: this.now,
      readyAt: null,
      readySince: null,
      restarts,
      sick: null,
    })
  }

  update(id: string, change: Partial<ServiceInstance>): void {
    this.instances = this.instances.map((one) => (one.id === id ? { ...one, ...change } : one))
  }

  #crash(one: ServiceInstance): void {
    const nextStartAt = new Date(this.now.getTime() + 1000)
    const gone = { state: 'crashed', readySince: null, routed: false, ending: false, sick: null } as const
    this.update(one.id, { ...gone, nextStartAt })
  }

  happen(event: Happening): void {
    if ('pick' in event) {
      this.#happenTo(event)
      return
    }
    if (event.kind === 'pass') void this.pass(event.actions, event.routes)
    if (event.kind === 'time') this.now = new Date(this.now.getTime() + event.ms)
    if (event.kind === 'deploy') this.deploy(event.bad)
    if (event.kind === 'scale') this.#want({ instances: event.to })
  }

  #happenTo({ kind, pick }: Extract<Happening, { pick: number }>): void {
    const one = this.instances[pick % Math.max(1, this.instances.length)]
    if (one === undefined) return
    if (kind === 'drained' && one.drain !== null)
      this.update(one.id, { drain: { ...one.drain, drained: true } })
    if (kind === 'ended' && one.ending) this.#end(one)
    if (one.state !== 'running') return
    if (kind === 'crash') this.#crash(one)
    if (kind === 'sick') this.update(one.id, { sick: 'livenessProbe' })
    if (kind === 'unready') this.update(one.id, { readySince: null, routed: false })
    if (kind === 'ready') this.becomeReady(one)
  }

  #end(one: ServiceInstance): void {
    if (one.state === 'running') this.#crash(one)
    else this.instances = this.instances.filter(({ id }) => id !== one.id)
  }

  becomeReady(one: ServiceInstance): void {
    if (this.bad.has(one.revision) || one.readySince !== null) return
    this.update(one.id, { readyAt: one.readyAt ?? this.now, readySince: this.now })
  }

  /** Everything that can go well does, for a while. */
  goWell(rounds = 150): void {
    for (let i = 0; i < rounds; i += 1) {
      this.pass()
      for (const one of this.instances) {
        if (one.state === 'running' && !one.ending && one.sick === null) this.becomeReady(one)
        if (one.drain !== null) this.update(one.id, { drain: { ...one.drain, drained: true } })
        if (one.ending) this.#end(one)
      }
      this.now = new Date(this.now.getTime() + 400)
    }
  }
}
