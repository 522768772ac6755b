import { afterAll, describe, expect, it } from 'vitest'
import { transaction } from '../db/db.ts'
import { insertHold } from '../db/holds.ts'
import { schedule } from '../db/work.ts'
import { until } from '../lib/test-until.ts'
import { liftHold } from '../operations/runs/lift-hold.ts'
import { REGISTRY, registryHere, removeImages } from '../registries/test-registry.ts'
import { imageCheckCrashPoints } from './image-checks.ts'
import { withImageWorld } from './image-checks-test-project.ts'

afterAll(removeImages)

describe.skipIf(!registryHere)('a service that follows a tag', () => {
  it('gets what the tag comes to point at, once, and the ledger says what it was before', () =>
    withImageWorld(async (world) => {
      const first = await world.push('stable')
      await world.service('stable', { tag: 'stable' })
      await world.looks()
      await world.looks()
      expect(await world.revisions()).toMatchObject([{ artifact_digest: first }])
      expect(await world.verdicts()).toEqual([])
      const second = await world.push('stable')
      await world.runs(second)
      await world.looks()
      const revisions = await world.revisions()
      expect(revisions).toMatchObject([{}, { artifact_digest: second, reason: 'cd' }])
      expect(await world.verdicts()).toMatchObject([
        {
          watcher_kind: 'service',
          watcher_id: 'web',
          started_kind: 'deployment',
          started_id: revisions[1]?.id,
          sentence: expect.stringContaining('before it was stable'),
        },
      ])
    }))

  it('follows no more after a deployment by hand, and again when that says so', () =>
    withImageWorld(async (world) => {
      await world.push('stable')
      const fixed = await world.push('1.0.0')
      await world.service('stable', { tag: 'stable' })
      await world.looks()
      await world.deployByHand('1.0.0')
      await until('the follower to be forgotten', async () => (await world.follow()) === undefined)
      const later = await world.push('stable')
      await schedule(world.db, 'image_check', 'shop/service/web')
      await until('the work to rest', async () => {
        const work = world.db.selectFrom('work_item').selectAll().where('key', '=', 'shop/service/web')
        const item = await work.executeTakeFirst()
        return item?.lease === null && item.wake_at === null
      })
      await world.runs(fixed)
      await world.deployByHand('1.0.0', { tag: 'stable' })
      await world.runs(later)
    }))

  it('does not get a version that is held, and gets it when the hold is lifted', () =>
    withImageWorld(async (world) => {
      const first = await world.push('stable')
      await world.service('stable', { tag: 'stable' })
      await world.looks()
      const target = { kind: 'service', id: 'web' } as const
      const bad = await world.push('next')
      const key = { projectId: 'shop', target, digest: bad }
      const why = {
        runId: '00000000-0000-4000-8000-000000000000',
        reason: 'It was rolled back.',
        actor: 'ann',
      }
      await transaction(world.db, (tx) => insertHold(tx, key, why))
      // The very same image under the tag that is followed.
      const url = `http://${REGISTRY}/v2/${world.repository}/manifests`
      const type = 'application/vnd.oci.image.manifest.v1+json'
      const manifest = await (await fetch(`${url}/next`, { headers: { accept: type } })).text()
      await fetch(`${url}/stable`, { method: 'PUT', body: manifest, headers: { 'content-type': type } })
      await until('the verdict', async () => (await world.verdicts()).length > 0)
      await world.looks()
      await world.looks()
      await world.runs(first)
      expect(await world.verdicts()).toMatchObject([
        { started: false, rule: 'held', sentence: 'The version is held: It was rolled back.' },
      ])
      await transaction(world.db, (tx) => liftHold(tx, key, 'ann'))
      await world.runs(bad)
    }))

  it('is left alone while only release flows may deploy to it', () =>
    withImageWorld(async (world) => {
      const first = await world.push('stable')
      const { spec } = await world.service('stable', { tag: 'stable' })
      const deployment = { ...spec.deployment, releaseFlowControlled: true }
      const changed = JSON.stringify({ ...spec, deployment })
      await world.db.updateTable('service').set({ spec: changed }).execute()
      await world.looks()
      await world.push('stable')
      await until('the verdict', async () => (await world.verdicts()).length > 0)
      expect(await world.verdicts()).toMatchObject([{ started: false, rule: 'flow-controlled' }])
      await world.runs(first)
    }))

  it('says why its registry cannot be asked, asks less and less often, and goes on when it can', () =>
    withImageWorld(async (world) => {
      await world.push('1.0.0')
      await world.service('1.0.0', { tag: 'stable' })
      await until('two errors', async () => ((await world.follow())?.failures ?? 0) >= 2)
      const [verdict] = await world.verdicts()
      expect(verdict).toMatchObject({ started: false, rule: 'registry' })
      expect(verdict?.sentence).toContain('Check the name and the tag')
      await world.runs(await world.push('stable'))
      expect(await world.follow()).toMatchObject({ failures: 0, error: null, tag: 'stable' })
    }))
})

describe.skipIf(!registryHere)('a service that follows a range of versions', () => {
  it('gets the highest version that fits, and no other', () =>
    withImageWorld(async (world) => {
      await world.push('1.0.0')
      await world.service('1.0.0', { semver: '^1.0.0' })
      await world.looks()
      await world.push('2.0.0')
      await world.push('1.2.0-rc.1')
      const newest = await world.push('1.1.0')
      await world.runs(newest)
      await world.push('1.0.5')
      await world.looks()
      await world.looks()
      await world.runs(newest)
      const revision = (await world.revisions()).at(-1)
      expect(revision?.source).toMatchObject({ external: { imagePath: `${world.path}:1.1.0` } })
    }))

  it('goes from a version that a person deploys with the range to the highest of it, as at first', () =>
    withImageWorld(async (world) => {
      const range = { semver: '^1.0.0' }
      await world.push('1.0.0')
      await world.service('1.0.0', range)
      const newest = await world.push('1.1.0')
      await world.runs(newest)
      await world.deployByHand('1.0.0', range)
      expect(await world.revisions()).toHaveLength(3)
      await world.runs(newest)
    }))

  it('is refused when the range is none', () =>
    withImageWorld(async (world) => {
      await world.push('1.0.0')
      await expect(world.service('1.0.0', { semver: 'newest' })).rejects.toMatchObject({
        code: 'invalid_request',
      })
    }))
})

describe.skipIf(!registryHere)('a job that follows a tag', () => {
  it.each([
    ['never', 0],
    ['cd-promote', 1],
    ['always', 1],
  ])('with runOnSourceChange %s runs %i times when its image changes', (setting, expected) =>
    withImageWorld(async (world) => {
      await world.push('stable')
      await world.job('stable', { tag: 'stable' }, setting)
      await world.looks()
      const runs = () => world.db.selectFrom('job_run').selectAll().execute()
      const before = (await runs()).length
      const second = await world.push('stable')
      await until('the new image', async () => {
        const job = await world.db.selectFrom('job').select('artifact_digest').executeTakeFirstOrThrow()
        return job.artifact_digest === second
      })
      await world.looks()
      const after = await runs()
      expect(after).toHaveLength(before + expected)
      expect(await world.verdicts()).toMatchObject([
        { watcher_kind: 'job', started: true, started_kind: expected === 1 ? 'job-run' : 'deployment' },
      ])
    }),
  )
})

describe.skipIf(!registryHere)('kill -9 while an image is deployed', () => {
  it.each(imageCheckCrashPoints)('at %s: it is deployed exactly once', (point) =>
    withImageWorld(async (world) => {
      await world.push('stable')
      await world.service('stable', { tag: 'stable' })
      const second = await world.push('stable')
      expect(await world.live(point).over).toBe('SIGKILL')
      const other = world.live()
      try {
        await world.runs(second)
        await world.looks()
        expect(await world.revisions()).toHaveLength(2)
        expect(await world.verdicts()).toHaveLength(1)
      } finally {
        await other.end()
      }
    }, false),
  )
})
