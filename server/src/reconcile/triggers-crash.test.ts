import { describe, expect, it } from 'vitest'
import { transaction } from '../db/db.ts'
import { noteHeads, takeUpRepositories } from '../db/git-repositories.ts'
import { schedule } from '../db/work.ts'
import { until } from '../lib/test-until.ts'
import { pollCrashPoints } from './git-polls.ts'
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

describe('kill -9 of a look at a repository', () => {
  it.each(pollCrashPoints)('at %s loses no push and tells of none twice', (point) =>
    withTriggerWorld(async (world) => {
      const first = await world.commit('one', { a: '1' })
      await world.service('web')
      await transaction(world.db, takeUpRepositories)
      const { key } = await world.db.selectFrom('git_repository').select('key').executeTakeFirstOrThrow()
      await transaction(world.db, (tx) => noteHeads(tx, key, { main: first }))
      const second = await world.commit('two', { a: '2' })
      await schedule(world.db, 'git_poll', key)
      expect(await world.live(point, 1).over).toBe('SIGKILL')
      const next = world.live(undefined, 1)
      try {
        await until('the build', async () => (await world.builds()).length > 0)
        await schedule(world.db, 'git_poll', key)
        const seen = await world.db.selectFrom('git_repository').select('polled_at').executeTakeFirst()
        await until('another look', async () => {
          const now = await world.db.selectFrom('git_repository').select('polled_at').executeTakeFirst()
          return now?.polled_at?.getTime() !== seen?.polled_at?.getTime()
        })
        expect(await world.builds()).toMatchObject([{ sha: second }])
        expect(await world.db.selectFrom('trigger_event').select('source').execute()).toEqual([
          { source: 'poll' },
        ])
      } finally {
        await next.end()
      }
    }),
  )
})

async function finish(world: TriggerWorld, ids: readonly string[]): Promise<void> {
  const next = world.live()
  try {
    await Promise.all(ids.map((id) => world.verdicts(id)))
  } finally {
    await next.end()
  }
}
