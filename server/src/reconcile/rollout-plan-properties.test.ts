import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isServing } from './rollout-model.ts'
import { happening, type Room, World } from './rollout-test-world.ts'

const room: fc.Arbitrary<Room> = fc.oneof(
  fc.constant({ maxSurge: 0, maxUnavailable: 1, stopFirst: true }),
  fc.record({
    maxSurge: fc.integer({ min: 1, max: 2 }),
    maxUnavailable: fc.nat(1),
    stopFirst: fc.constant(false),
  }),
  fc.constant({ maxSurge: 0, maxUnavailable: 1, stopFirst: false }),
)

const story = fc.record({
  instances: fc.nat(4),
  room,
  events: fc.array(happening, { maxLength: 120 }),
})

test('whatever happens, enough serve, the surge holds, and the last good version goes only after the proof', () => {
  fc.assert(
    fc.property(story, ({ instances, room: how, events }) => {
      const world = new World(how.stopFirst ? 1 : instances, how)
      for (const event of events) {
        if (how.stopFirst && event.kind === 'scale') continue
        world.happen(event)
      }
    }),
    { numRuns: 1500 },
  )
})

test('every rollout ends, and what is left is exactly what is wanted, all of one version, all serving', () => {
  fc.assert(
    fc.property(story, ({ instances, room: how, events }) => {
      const world = new World(how.stopFirst ? 1 : instances, how)
      for (const event of events) {
        if (how.stopFirst && event.kind === 'scale') continue
        world.happen(event)
      }
      world.goWell()
      const { desired } = world
      expect(desired.rollout).toBeNull()
      expect(desired.revision).toBe(desired.lastGood)
      const wanted = desired.revision === null ? 0 : desired.instances
      if (world.bad.has(desired.revision ?? '')) return
      expect(world.instances.map(({ revision }) => revision)).toEqual(Array(wanted).fill(desired.revision))
      expect(world.instances.filter((one) => isServing(one, desired))).toHaveLength(wanted)
      expect(world.pass()).toEqual([])
    }),
    { numRuns: 600 },
  )
})

test('of a service with a volume two instances never live at once', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 100 }), (events) => {
      const world = new World(1, { maxSurge: 0, maxUnavailable: 1, stopFirst: true })
      for (const event of events) {
        if (event.kind === 'scale') continue
        world.happen(event)
        const running = world.instances.filter(({ state }) => state !== 'created' && state !== 'crashed')
        expect(running.length).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 500 },
  )
})
