import { serviceBodies } from '@fairway/contract/resources/service'
import { describe, expect, test } from 'vitest'
import type { BuildRow } from '../../db/builds.ts'
import { type Db, toJson, transaction } from '../../db/db.ts'
import { requireService } from '../../db/services.ts'
import { withTestDb } from '../../db/test-db.ts'
import { createSealer } from '../../lib/seal.ts'
import { deployIfFollowing } from './continuous-deploy.ts'
import { deployToService } from './deploy.ts'
import { normaliseService } from './normalise.ts'
import { restartService } from './restart.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
const KEY = { projectId: 'shop', serviceId: 'web' }

async function withService(work: (db: Db) => Promise<void>): Promise<void> {
  await withTestDb(async (db) => {
    await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
    const body = serviceBodies.deployment.parse({
      name: 'web',
      deployment: { internal: { id: 'builder', branch: 'main' } },
    })
    const spec = toJson(normaliseService(body).spec)
    await db
      .insertInto('service')
      .values({ project_id: 'shop', id: 'web', kind: 'deployment', name: 'web', spec })
      .execute()
    // Of the build that continuous deployment gives to it.
    await db.insertInto('artifact').values({ digest: 'one', kind: 'image', size_bytes: 1 }).execute()
    await work(db)
  })
}

const deploy = (db: Db, digest: string) =>
  transaction(db, (tx) =>
    deployToService(
      tx,
      { ...KEY, artifact: { kind: 'bundle', digest, source: {} }, reason: 'deploy', actor: 'ann' },
      sealer,
    ),
  )
const rollouts = (db: Db) =>
  db.selectFrom('rollout').select(['revision_id', 'state']).orderBy('created_at').execute()
const set = (db: Db, change: Record<string, unknown>) => db.updateTable('service').set(change).execute()

describe('a deployment', () => {
  test('writes a revision and a pending rollout, and asks the reconciler to look', () =>
    withService(async (db) => {
      const { revisionId, changed } = await deploy(db, 'one')
      expect(changed).toBe(true)
      expect(await rollouts(db)).toEqual([{ revision_id: revisionId, state: 'pending' }])
      expect(await requireService(db, KEY)).toMatchObject({
        desired_revision: revisionId,
        deployment_status: 'PENDING',
      })
      const work = await db.selectFrom('work_item').select(['kind', 'key']).execute()
      expect(work).toContainEqual({ kind: 'service', key: 'shop/web' })
    }))

  test('of what is wanted already changes nothing, unless it failed', () =>
    withService(async (db) => {
      const first = await deploy(db, 'one')
      expect(await deploy(db, 'one')).toEqual({ revisionId: first.revisionId, changed: false })
      await set(db, { deployment_status: 'FAILED' })
      expect((await deploy(db, 'one')).changed).toBe(true)
    }))

  test('takes the place of the one under way: the newest wins', () =>
    withService(async (db) => {
      const first = await deploy(db, 'one')
      const second = await deploy(db, 'two')
      expect(await rollouts(db)).toEqual([
        { revision_id: first.revisionId, state: 'superseded' },
        { revision_id: second.revisionId, state: 'pending' },
      ])
    }))

  test('made by many at once leaves one rollout, and revisions numbered without a gap', () =>
    withService(async (db) => {
      await Promise.all(Array.from({ length: 8 }, (_, i) => deploy(db, `v${i}`)))
      const active = (await rollouts(db)).filter(({ state }) => state === 'pending')
      expect(active).toHaveLength(1)
      const numbers = await db.selectFrom('revision').select('number').orderBy('number').execute()
      expect(numbers.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    }))

  test('as a restart is a new revision of the same version', () =>
    withService(async (db) => {
      const first = await deploy(db, 'one')
      const again = await transaction(db, (tx) => restartService(tx, { ...KEY, actor: 'ann' }, sealer))
      expect(again).toMatchObject({ changed: true })
      expect(again.revisionId).not.toBe(first.revisionId)
    }))
})

describe('continuous deployment', () => {
  const build = {
    project_id: 'shop',
    id: 'b1',
    owner_kind: 'service',
    owner_id: 'builder',
    branch: 'main',
    sha: 'abc',
    artifact_digest: 'one',
  } as BuildRow
  const follow = (db: Db, change: Partial<BuildRow> = {}) =>
    transaction(db, (tx) => deployIfFollowing(tx, { ...build, ...change }, sealer))
  const refusals = (db: Db) =>
    db.selectFrom('event').select('data').where('type', '=', 'service.not-deployed').execute()

  test('deploys a build of the branch that the service follows, and no other', () =>
    withService(async (db) => {
      await follow(db, { branch: 'other' })
      await follow(db, { owner_id: 'somebody' })
      expect(await rollouts(db)).toEqual([])
      await follow(db)
      expect(await rollouts(db)).toHaveLength(1)
      const { artifact_kind: kind } = await db.selectFrom('revision').selectAll().executeTakeFirstOrThrow()
      expect(kind).toBe('image')
      expect(await refusals(db)).toEqual([])
    }))

  test('does not deploy when it is off, paused or held, and records why', () =>
    withService(async (db) => {
      const cases = [
        [{ disabled_cd: true }, 'continuous deployment is off'],
        [{ disabled_cd: false, paused: true }, 'the service is paused'],
      ] as const
      for (const [change] of cases) {
        await set(db, change)
        await follow(db)
      }
      await set(db, { paused: false })
      await db
        .insertInto('hold')
        .values({
          project_id: 'shop',
          target_kind: 'service',
          target_id: 'web',
          artifact_digest: 'one',
          reason: 'rolled back',
        })
        .execute()
      await follow(db)
      expect(await rollouts(db)).toEqual([])
      expect((await refusals(db)).map(({ data }) => (data as { reason: string }).reason)).toEqual([
        ...cases.map(([, reason]) => reason),
        'the version is held: rolled back',
      ])
    }))
})
