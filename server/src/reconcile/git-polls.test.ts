import { rename } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { schedule } from '../db/work.ts'
import { until } from '../lib/test-until.ts'
import { POLL_ALL } from './git-polls.ts'
import { type TriggerWorld, withTriggerWorld } from './triggers-test-project.ts'
import { startTriggerWorker } from './triggers-test-world.ts'

const withPolls = (work: (world: TriggerWorld) => Promise<void>): Promise<void> =>
  withTriggerWorld(async (world) => {
    const worker = await startTriggerWorker(world.connectionString, world.folder, { pollSeconds: 1 })
    try {
      await schedule(world.db, 'git_poll', POLL_ALL)
      await work(world)
    } finally {
      await worker.stop()
    }
  })

const repository = (world: TriggerWorld) =>
  world.db.selectFrom('git_repository').selectAll().executeTakeFirst()
const looked = (world: TriggerWorld) =>
  until('a first look', async () => (await repository(world))?.polled_at != null)
const events = (world: TriggerWorld) =>
  world.db.selectFrom('trigger_event').selectAll().orderBy('number').execute()
const builds = (world: TriggerWorld, count: number) =>
  until(`${count} builds`, async () => (await world.builds()).length === count)

describe('a repository without a webhook', () => {
  it('is looked at, and a branch that moved is built once', () =>
    withPolls(async (world) => {
      await world.commit('one', { a: '1' })
      await world.service('web')
      await looked(world)
      expect(await world.builds()).toEqual([])
      const second = await world.commit('two', { a: '2' })
      await builds(world, 1)
      expect(await world.builds()).toMatchObject([{ sha: second, branch: 'main' }])
      expect(await events(world)).toMatchObject([{ source: 'poll' }])
      const third = await world.commit('three', { a: '3' })
      await builds(world, 2)
      expect((await world.builds())[1]).toMatchObject({ sha: third })
    }))

  it('tells of new and of deleted branches', () =>
    withPolls(async (world) => {
      await world.commit('one', { a: '1' })
      await world.service('web', { branchRestrictions: ['feature/*'] }, { branch: null })
      await looked(world)
      await world.git('branch', 'feature/x')
      await builds(world, 1)
      await world.git('branch', '-D', 'feature/x')
      await until('the deletion', async () => (await events(world)).length === 2)
      const [, gone] = await events(world)
      await world.verdicts(gone?.id ?? '')
      expect((await world.event(gone?.id ?? '')).sentence).toBe(
        'The branch "feature/x" was deleted. Aborted a build of it that waited.',
      )
    }))

  it('that cannot be read says why, and is read again when it can', () =>
    withPolls(async (world) => {
      await world.service('web')
      await rename(world.repository, `${world.repository}-away`)
      await until('the trouble', async () => (await repository(world))?.error != null)
      expect((await repository(world))?.error).toMatch(/^git cannot read the repository: /)
      await rename(`${world.repository}-away`, world.repository)
      await until('a look', async () => (await repository(world))?.error === null)
    }))

  it('is forgotten when nothing watches it any more', () =>
    withPolls(async (world) => {
      await world.commit('one', { a: '1' })
      await world.service('web')
      await looked(world)
      await world.db.deleteFrom('service').execute()
      await until('it is forgotten', async () => (await repository(world)) === undefined)
    }))
})

describe('a repository with a webhook', () => {
  it('is not told of twice', () =>
    withPolls(async (world) => {
      const first = await world.commit('one', { a: '1' })
      await world.service('web')
      await looked(world)
      const second = await world.commit('two', { a: '2' })
      await world.verdicts((await world.push({ before: first, after: second })).id)
      await until('another look', async () => {
        const refs = (await repository(world))?.refs as Record<string, string> | null
        return refs?.main === second
      })
      expect(await events(world)).toMatchObject([{ source: 'webhook' }])
      expect(await world.builds()).toHaveLength(1)
    }))
})
