import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AddonDesired, planAddon, type SeenGeneration } from './addon-plan.ts'
import type { AddonObservation } from './addon-port.ts'

const wanted: AddonDesired = { paused: false, deleting: false, restartRequested: false, endpoint: null }
const idle = { backups: [], restores: [] }
const running = (port = 5000): AddonObservation => ({
  state: 'running',
  endpoint: { host: '127.0.0.1', port },
  pid: 1,
  version: '18.4',
})
const stopped: AddonObservation = { state: 'stopped' }
const absent: AddonObservation = { state: 'absent' }
const active = (observation: AddonObservation, generation = 1): SeenGeneration => ({
  generation,
  state: 'active',
  observation,
})

describe('an addon', () => {
  test.each([
    ['is created when it has no data', absent, 'create', 'allocating'],
    ['is started when it is stopped', stopped, 'start', 'allocating'],
  ] as const)('%s', (_, observation, what, status) => {
    expect(planAddon(wanted, [active(observation)], idle)).toEqual({
      actions: [{ do: what, generation: 1 }],
      status,
    })
  })

  test('is left alone when it runs', () => {
    expect(planAddon(wanted, [active(running())], idle)).toEqual({ actions: [], status: 'running' })
  })

  test('is stopped, not created, when it is paused', () => {
    const paused = { ...wanted, paused: true }
    expect(planAddon(paused, [active(running())], idle).actions).toEqual([{ do: 'stop', generation: 1 }])
    expect(planAddon(paused, [active(absent)], idle)).toEqual({ actions: [], status: 'paused' })
  })

  test('is not called running while it restarts', () => {
    const plan = planAddon({ ...wanted, restartRequested: true }, [active(running())], idle)
    expect(plan).toEqual({ actions: [{ do: 'restart', generation: 1 }], status: 'allocating' })
  })

  test('shows that it is backed up or restored', () => {
    expect(planAddon(wanted, [active(running())], { backups: ['b'], restores: [] }).status).toBe('backup')
    expect(planAddon(wanted, [active(running())], { backups: ['b'], restores: ['r'] }).status).toBe('restore')
  })
})

describe('after a swap', () => {
  const endpoint = { host: '127.0.0.1', port: 5000, generation: 1 }

  test('the old data is stopped before the new one moves to its address', () => {
    const seen: SeenGeneration[] = [
      { generation: 1, state: 'kept', observation: running(5000) },
      active(running(6000), 2),
    ]
    expect(planAddon({ ...wanted, endpoint }, seen, idle).actions).toEqual([{ do: 'stop', generation: 1 }])
  })

  test('the new data is started again to take over the address, once', () => {
    const seen: SeenGeneration[] = [
      { generation: 1, state: 'kept', observation: stopped },
      active(running(6000), 2),
    ]
    expect(planAddon({ ...wanted, endpoint }, seen, idle).actions).toEqual([{ do: 'restart', generation: 2 }])
    const moved = { ...endpoint, port: 6000, generation: 2 }
    expect(planAddon({ ...wanted, endpoint: moved }, seen, idle).actions).toEqual([])
  })

  test('a name is an address too: the new data is started again to take it over', () => {
    const named = (host: string, externalHost: string): AddonObservation => ({
      state: 'running',
      endpoint: { host, port: 5432, externalHost },
      pid: 1,
      version: '15.18',
    })
    const known = { host: 'db.addon', port: 5432, generation: 1, externalHost: '172.20.0.2' }
    const plan = (observation: AddonObservation) =>
      planAddon({ ...wanted, endpoint: known }, [active(observation, 2)], idle).actions
    expect(plan(named('g2.db.addon', '172.20.0.3'))).toEqual([{ do: 'restart', generation: 2 }])
    expect(plan(named('db.addon', '172.20.0.3'))).toEqual([])
  })
})

describe('an addon that is deleted', () => {
  const deleting = { ...wanted, deleting: true }

  test('loses nothing while a backup or restore works on it', () => {
    expect(planAddon(deleting, [active(running())], { backups: ['b'], restores: [] }).actions).toEqual([
      { do: 'abort-work' },
    ])
  })

  test('goes after all its data', () => {
    const seen: SeenGeneration[] = [active(running()), { generation: 2, state: 'kept', observation: stopped }]
    expect(planAddon(deleting, seen, idle).actions).toEqual([
      { do: 'destroy', generation: 1 },
      { do: 'destroy', generation: 2 },
    ])
    expect(planAddon(deleting, [active(absent)], idle).actions).toEqual([{ do: 'remove' }])
  })
})

const observations = fc.constantFrom<AddonObservation>(
  absent,
  stopped,
  { state: 'starting' },
  running(5000),
  running(6000),
)
const generations = fc
  .uniqueArray(
    fc.record({
      generation: fc.integer({ min: 1, max: 6 }),
      state: fc.constantFrom<SeenGeneration['state']>('active', 'restoring', 'kept', 'removed'),
      observation: observations,
    }),
    { selector: ({ generation }) => generation, maxLength: 6 },
  )
  .filter((all) => all.filter(({ state }) => state === 'active').length <= 1)
const desires = fc.record({
  paused: fc.boolean(),
  deleting: fc.constant(false),
  restartRequested: fc.boolean(),
  endpoint: fc.option(
    fc.record({
      host: fc.constant('127.0.0.1'),
      port: fc.constantFrom(5000, 6000),
      generation: fc.integer({ min: 1, max: 6 }),
    }),
  ),
})

test('unless it is deleted, data in use, kept or being restored is never destroyed', () => {
  fc.assert(
    fc.property(desires, generations, (desired, seen) => {
      const { actions } = planAddon(desired, seen, idle)
      for (const action of actions) {
        expect(['remove', 'abort-work']).not.toContain(action.do)
        if (action.do === 'destroy' || action.do === 'forget')
          expect(seen).toContainEqual(
            expect.objectContaining({ generation: action.generation, state: 'removed' }),
          )
      }
    }),
  )
})

test('it never starts data while other data that it stops still runs', () => {
  fc.assert(
    fc.property(desires, generations, (desired, seen) => {
      const kinds = new Set(planAddon(desired, seen, idle).actions.map((action) => action.do))
      if (kinds.has('start') || kinds.has('create')) expect(kinds.size).toBe(1)
    }),
  )
})
