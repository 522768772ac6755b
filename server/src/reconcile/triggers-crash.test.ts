import { describe, expect, it } from 'vitest'
import { triggerCrashPoints } from './triggers.ts'
import { type TriggerWorld, withTriggerWorld } from './triggers-test-project.ts'

describe('kill -9', () => {
  const points = triggerCrashPoints.filter((point) => point !== 'trigger.after-some')
  it.each(points)('at %s loses no start and starts nothing twice', (point) =>
    withTriggerWorld(async (world) => {
      await world.service('web')
      await world.service('api')
      const first = await world.commit('one', { a: '1' })
      const second = await world.commit('two', { a: '2' })
      const ids = [
        (await world.push({ after: first })).id,
        (await world.push({ before: first, after: second })).id,
      ]
      expect(await world.live(point).over).toBe('SIGKILL')
      await finish(world, ids)
      for (const owner of ['web', 'api'])
        expect((await world.builds(owner)).map(({ sha }) => sha)).toEqual([first, second])
    }),
  )

  it('at trigger.after-some, in the middle of many starts, loses none and starts none twice', () =>
    withTriggerWorld(async (world) => {
      for (let number = 0; number < 120; number += 1) await world.service(`service-${number}`)
      const after = await world.commit('one', { a: '1' })
      const { id } = await world.push({ after })
      expect(await world.live('trigger.after-some').over).toBe('SIGKILL')
      expect(await world.builds()).toHaveLength(50)
      await finish(world, [id])
      const builds = await world.builds()
      expect(new Set(builds.map(({ owner_id }) => owner_id)).size).toBe(120)
      expect(builds).toHaveLength(120)
      const verdicts = [...(await world.verdicts(id)).values()]
      expect(verdicts.every(({ started }) => started)).toBe(true)
      expect((await world.event(id)).sentence).toBe('Started 120 of 120 that watch this repository.')
    }))
})

async function finish(world: TriggerWorld, ids: readonly string[]): Promise<void> {
  const next = world.live()
  try {
    await Promise.all(ids.map((id) => world.verdicts(id)))
  } finally {
    await next.end()
  }
}
