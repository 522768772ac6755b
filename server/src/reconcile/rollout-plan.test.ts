import { describe, expect, test } from 'vitest'
import { planService } from './rollout-plan.ts'
import {
  actions,
  ago,
  ahead,
  crashed,
  desired,
  draining,
  instance,
  NOW,
  steady,
  unready,
} from './rollout-test-cases.ts'

describe('a rollout', () => {
  test('begins, and only then creates', () => {
    const pending = desired({ rollout: { id: 'r', revision: 'new', state: 'pending', startedAt: null } })
    expect(actions(pending, instance('old'))).toEqual([{ do: 'begin', rollout: 'r' }])
    expect(actions(desired(), instance('old'))).toEqual([{ do: 'create', revision: 'new', count: 1 }])
  })

  test.each([
    ['is not ready', unready],
    ['is ready but not routed', { routed: false }],
    ['has not been ready for long enough', { readyAt: ago(500), readySince: ago(500) }],
  ])('leaves the old version alone while the new one %s', (_, change) => {
    expect(actions(desired(), instance('old'), instance('new', change))).toEqual([])
  })

  test('brings a ready one in and lets an old one go in one change, once the version is proved', () => {
    const wanted = desired({ instances: 2 })
    const fresh = instance('new-2', { routed: false })
    const olds = [instance('old-1')]
    const plan = planService(wanted, [...olds, instance('new-1'), fresh], NOW)
    expect(plan.actions).toEqual([{ do: 'drain', instance: 'old-1' }])
    expect(plan.routes).toEqual({ active: ['new-1', 'new-2'], draining: ['old-1'] })
    const first = instance('new-1', { routed: false })
    expect(planService(wanted, [instance('old-1'), instance('old-2'), first], NOW).actions).toEqual([])
  })

  test('looks again at the moment the new one will be proved', () => {
    const fresh = instance('new', { readyAt: ago(400), readySince: ago(400) })
    expect(planService(desired(), [instance('old'), fresh], NOW).wakeAt).toEqual(ahead(600))
  })

  test('routes the new one beside the old one, then drains the old one by the routes', () => {
    const fresh = instance('new', { routed: false })
    expect(planService(desired(), [instance('old'), fresh], NOW).routes).toEqual({
      active: ['old', 'new'],
      draining: [],
    })
    const plan = planService(desired(), [instance('old'), instance('new')], NOW)
    expect(plan.actions).toEqual([{ do: 'drain', instance: 'old' }])
    expect(plan.routes).toEqual({ active: ['new'], draining: ['old'] })
  })

  test('goes on with the next instance while the one before drains', () => {
    const wanted = desired({ instances: 3 })
    const old = [instance('old-2'), instance('old-3')]
    expect(actions(wanted, instance('old-1', draining), ...old, instance('new-1'))).toEqual([
      { do: 'create', revision: 'new', count: 1 },
    ])
  })

  test('does not wait for each instance to be proved once the first one is', () => {
    const wanted = desired({ instances: 3 })
    const second = instance('new-2', { readyAt: ago(1), readySince: ago(1) })
    const found = actions(wanted, instance('old-1'), instance('old-2'), instance('new-1'), second)
    expect(found).toEqual([{ do: 'drain', instance: 'old-2' }])
  })

  test('is complete when all are proved and nothing old takes traffic', () => {
    expect(actions(desired(), instance('old', draining), instance('new'))).toEqual([
      { do: 'complete', rollout: 'r' },
    ])
    const late = instance('new-2', { readyAt: ago(10), readySince: ago(10) })
    expect(actions(desired({ instances: 2 }), instance('new-1'), late)).toEqual([])
  })

  test('stops an old instance only when the gateway says it is drained, or its time is over', () => {
    const wanted = steady({ revision: 'new', lastGood: 'new' })
    expect(actions(wanted, instance('new'), instance('old', draining))).toEqual([])
    for (const drain of [
      { ...draining.drain, drained: true },
      { ...draining.drain, deadline: ago(1) },
    ]) {
      expect(actions(wanted, instance('new'), instance('old', { ...draining, drain }))).toEqual([
        { do: 'stop', instance: 'old' },
      ])
    }
  })

  test('lets one that is drained wait for one that starts, but not for long', () => {
    const wanted = desired({ instances: 2 })
    const drained = (since: Date) => ({ ...draining, drain: { ...draining.drain, since, drained: true } })
    const around = [
      instance('old-2'),
      instance('new-1'),
      instance('new-2', { ...unready, startedAt: ago(200) }),
    ]
    expect(actions(wanted, instance('old-1', drained(ago(300))), ...around)).toEqual([])
    const stopped = [{ do: 'stop', instance: 'old-1' }]
    expect(actions(wanted, instance('old-1', drained(ago(1000))), ...around)).toEqual(stopped)
    const between = [instance('old-2'), instance('new-1')]
    expect(actions(wanted, instance('old-1', drained(ago(300))), ...between)).toEqual([
      { do: 'create', revision: 'new', count: 1 },
    ])
    const slow = [...around.slice(0, 2), instance('new-2', { ...unready, startedAt: ago(1000) })]
    expect(actions(wanted, instance('old-1', drained(ago(300))), ...slow)).toEqual(stopped)
  })

  test('takes readiness for the proof where no time to stay ready is asked for', () => {
    const fresh = instance('new-1', { readyAt: NOW, readySince: NOW, routed: false })
    expect(actions(desired({ minReadyMs: 0 }), instance('old'), fresh)).toEqual([
      { do: 'drain', instance: 'old' },
    ])
    expect(actions(desired(), instance('old'), fresh)).toEqual([])
  })

  test('removes what a superseded rollout left before anything of the last good version', () => {
    const half = instance('half', { revision: 'superseded', ...unready })
    expect(actions(desired(), instance('old'), half)[0]).toEqual({ do: 'stop', instance: 'half' })
    const serving = instance('half', { revision: 'superseded' })
    expect(actions(desired(), instance('old'), serving)[0]).toEqual({ do: 'drain', instance: 'half' })
  })

  test('with a volume stops the old one, waits until it is gone, then starts the new one', () => {
    const wanted = desired({ stopFirst: true, maxSurge: 0, maxUnavailable: 1 })
    expect(actions(wanted, instance('old'))).toEqual([{ do: 'drain', instance: 'old' }])
    expect(actions(wanted, instance('old', { ...draining, state: 'stopping', ending: true }))).toEqual([])
    expect(actions(wanted)).toEqual([{ do: 'create', revision: 'new', count: 1 }])
  })

  test('is not late while it waits for the old one to stop', () => {
    const late = { id: 'r', revision: 'new', state: 'running', startedAt: ago(120_000) } as const
    const wanted = desired({ stopFirst: true, maxSurge: 0, maxUnavailable: 1, rollout: late })
    expect(actions(wanted, instance('old', { ...draining, state: 'stopping', ending: true }))).toEqual([])
  })
})

describe('a rollout fails', () => {
  const fails = (cause: string, id: string | null = 'new') => [
    { do: 'fail', rollout: 'r', cause, instance: id },
  ]

  test('when nothing progresses until the deadline', () => {
    const long = { createdAt: ago(60_000), startedAt: ago(60_000) }
    const rollout = { id: 'r', revision: 'new', state: 'running', startedAt: ago(70_000) } as const
    const stuck = instance('new', { ...unready, ...long })
    expect(actions(desired({ rollout }), instance('old'), stuck)).toEqual(fails('deadline'))
  })

  test('in spite of restarts and of readiness that comes and goes', () => {
    const rollout = { id: 'r', revision: 'new', state: 'running', startedAt: ago(70_000) } as const
    const restarted = instance('new', { ...unready, restarts: 1, startedAt: ago(10), createdAt: ago(65_000) })
    expect(actions(desired({ rollout }), instance('old'), restarted)).toEqual(fails('deadline'))
    const flapping = instance('new', {
      createdAt: ago(65_000),
      startedAt: ago(65_000),
      readyAt: ago(64_000),
      readySince: ago(100),
    })
    expect(actions(desired({ rollout }), instance('old'), flapping)).toEqual(fails('deadline'))
  })

  test('at once when an instance was ready and then ended or fell sick', () => {
    const ended = instance('new', { ...crashed, readyAt: ago(700) })
    expect(actions(desired(), instance('old'), ended)).toEqual(fails('crashed-after-ready'))
    expect(actions(desired(), instance('old'), instance('new', { sick: 'livenessProbe' }))).toEqual(
      fails('unhealthy-after-ready'),
    )
  })

  test('when an instance that never was ready ended for the fourth time', () => {
    const looping = (restarts: number) => instance('new', { ...crashed, restarts })
    expect(actions(desired(), instance('old'), looping(2))).toEqual([])
    expect(actions(desired(), instance('old'), looping(3))).toEqual(fails('crash-loop'))
  })

  test('and then its own instances go and the old ones stay', () => {
    const reverted = steady({ failure: 'it broke' })
    const plan = planService(reverted, [instance('old'), instance('new', unready)], NOW)
    expect(plan.actions).toEqual([{ do: 'stop', instance: 'new' }])
    expect(plan.status).toMatchObject({ status: 'FAILED', message: 'it broke' })
  })

  test('and what served of it serves on until the old version is back in full', () => {
    const reverted = steady({ instances: 2, failure: 'it broke' })
    const left = [instance('old-1'), instance('new-1')]
    expect(actions(reverted, ...left)).toEqual([{ do: 'create', revision: 'old', count: 1 }])
    expect(actions(reverted, ...left, instance('old-2'))).toEqual([{ do: 'drain', instance: 'new-1' }])
  })

  test('when it is switched off before it is proved, but not when there is nothing to go back to', () => {
    expect(actions(desired({ instances: 0 }), instance('old'), instance('new', unready))).toEqual(
      fails('stopped', null),
    )
    expect(actions(desired({ instances: 0 }), instance('old'))).toEqual([{ do: 'drain', instance: 'old' }])
    expect(actions(desired({ instances: 0, lastGood: null }))).toEqual([{ do: 'complete', rollout: 'r' }])
  })
})

describe('a service without a rollout', () => {
  test('is filled up and trimmed, those that serve nobody going first', () => {
    expect(actions(steady({ instances: 3 }), instance('old-1'))).toEqual([
      { do: 'create', revision: 'old', count: 2 },
    ])
    const surplus = [instance('old-1'), instance('old-2', crashed)]
    expect(actions(steady(), ...surplus)).toEqual([{ do: 'discard', instance: 'old-2' }])
  })

  test('starts what was created, what was interrupted, and what crashed when its back-off is over', () => {
    for (const state of ['created', 'starting'] as const) {
      expect(actions(steady(), instance('old', { state, ...unready }))).toEqual([
        { do: 'start', instance: 'old' },
      ])
    }
    expect(actions(steady(), instance('old', crashed))).toEqual([])
    expect(planService(steady(), [instance('old', crashed)], NOW).wakeAt).toEqual(ahead(500))
    expect(actions(steady(), instance('old', { ...crashed, nextStartAt: NOW }))).toEqual([
      { do: 'start', instance: 'old' },
    ])
  })

  test('takes traffic away from one that is not ready, and nothing else', () => {
    const plan = planService(steady(), [instance('old', { readySince: null })], NOW)
    expect(plan.actions).toEqual([])
    expect(plan.routes).toEqual({ active: [], draining: [] })
    expect(plan.status).toMatchObject({ status: 'IN_PROGRESS', message: '0 of 1 instances are ready.' })
  })

  test('replaces one that is sick but serves by a surge, and restarts one that serves nobody', () => {
    const sick = { sick: 'livenessProbe' } as const
    expect(actions(steady(), instance('old', sick))).toEqual([{ do: 'create', revision: 'old', count: 1 }])
    const both = [instance('old-1', sick), instance('old-2')]
    expect(actions(steady(), ...both)).toEqual([{ do: 'drain', instance: 'old-1' }])
    expect(actions(steady(), instance('old', { ...sick, readySince: null }))).toEqual([
      { do: 'restart', instance: 'old' },
    ])
    expect(actions(steady(), instance('old', { ...sick, readySince: null, ending: true }))).toEqual([])
  })

  test('without room to surge restarts sick ones one at a time', () => {
    const wanted = steady({ instances: 2, maxSurge: 0, maxUnavailable: 1 })
    const sick = { sick: 'livenessProbe' } as const
    expect(actions(wanted, instance('old-1', sick), instance('old-2', sick))).toHaveLength(1)
  })

  test('warns of a crash loop, and calms down when it runs well', () => {
    const looping = { crashLooping: true, startedAt: ago(1000) }
    expect(planService(steady(), [instance('old', looping)], NOW).status.message).toMatch(/again and again/)
    expect(actions(steady(), instance('old', { ...looping, startedAt: ago(5 * 60_000) }))).toEqual([
      { do: 'calm', instance: 'old' },
    ])
  })

  test('that is deleted stops everything and is then forgotten', () => {
    const wanted = steady({ revision: null, instances: 0, deleting: true })
    expect(actions(wanted, instance('old'))).toEqual([{ do: 'drain', instance: 'old' }])
    expect(actions(wanted, instance('old', { state: 'stopping', ending: true }))).toEqual([])
    expect(actions(wanted)).toEqual([{ do: 'forget' }])
  })

  test('without public ports needs no gateway to serve or to stop', () => {
    const wanted = desired({ hasRoutes: false })
    const olds = instance('old', { routed: false })
    expect(actions(wanted, olds, instance('new', { routed: false }))).toEqual([
      { do: 'stop', instance: 'old' },
    ])
  })
})
