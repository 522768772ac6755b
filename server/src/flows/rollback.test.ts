import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { findHold, listHolds } from '../db/holds.ts'
import { findReleaseFlow } from '../db/release-flows.ts'
import { liftHold } from '../operations/runs/lift-hold.ts'
import { planRun } from '../operations/runs/plan.ts'
import { startRollback } from '../operations/runs/rollback.ts'
import { planRollback } from '../operations/runs/rollback-plan.ts'
import type { StageState } from '../operations/runs/stage-state.ts'
import { startRun } from '../operations/runs/start.ts'
import { endRollout, insertBuild } from './test-rollout.ts'
import { keyOfStage, runDeps, sequential, until, type World, withEngine } from './test-world.ts'

const SHA_1 = '1'.repeat(40)
const SHA_2 = '2'.repeat(40)
const NONE = { configuration: false, secrets: false, flow: false }

const keyOf = (runId: string) => ({ ...keyOfStage('Production'), runId })

const release = (build = '${args.BUILD}') =>
  sequential({
    kind: 'Release',
    condition: 'running',
    ref: 'web',
    spec: {
      type: 'build',
      origin: { id: 'builder', branch: 'main', build },
      target: { id: 'web', type: 'service' },
    },
  })

/** Starts a run and lets its rollout complete. */
async function releaseBuild(world: World, build: string): Promise<string> {
  const id = await world.start({ arguments: { BUILD: build } })
  await complete(world, id)
  return id
}

async function complete(world: World, id: string): Promise<void> {
  await world.step(id, '0.0', 'async_wait')
  await endRollout(world.db, 'web', 'completed')
  await world.reaches(id, 'success')
}

const rollBack = async (world: World, to: string, options: Partial<typeof NONE> = {}): Promise<string> => {
  const request = { ...NONE, ...options, actor: 'ann' }
  return (await transaction(world.db, (tx) => startRollback(tx, request, keyOf(to), runDeps))).id
}

const deployedDigest = async ({ db }: World): Promise<string | undefined> => {
  const row = await db
    .selectFrom('service')
    .innerJoin('revision', 'revision.id', 'service.current_revision')
    .select('artifact_digest')
    .where('service.id', '=', 'web')
    .executeTakeFirst()
  return row?.artifact_digest
}

/** Two builds, released one after the other. */
async function twoReleases(world: World): Promise<[string, string]> {
  await insertBuild(world.db, { id: 'old-1', sha: SHA_1, message: 'first version' })
  await insertBuild(world.db, { id: 'new-2', sha: SHA_2, message: 'second version' })
  await world.save(release(), { arguments: { BUILD: 'latest' } })
  return [await releaseBuild(world, 'old-1'), await releaseBuild(world, 'new-2')]
}

describe('a release', () => {
  test('waits for its own rollout, turns continuous deployment off, and notes the stage before and after', () =>
    withEngine(async (world) => {
      const [, second] = await twoReleases(world)
      const run = await world.run(second)
      const [before, after] = [run.stage_before as StageState, run.stage_after as StageState]
      expect(before.services.web?.digest).toBe(`sha256:${SHA_1}`)
      expect(after.services.web).toMatchObject({ digest: `sha256:${SHA_2}`, buildId: 'new-2' })
      const web = await world.db.selectFrom('service').select('disabled_cd').where('id', '=', 'web').execute()
      expect(web).toEqual([{ disabled_cd: true }])
      expect((await world.nodes(second))['0.0']!.response).toMatchObject({ buildId: 'new-2', changed: true })
    }))

  test('fails at once with the message of a rollout that failed', () =>
    withEngine(async (world) => {
      await insertBuild(world.db, { id: 'old-1', sha: SHA_1 })
      await world.save(release('latest'))
      const id = await world.start()
      await world.step(id, '0.0', 'async_wait')
      await endRollout(world.db, 'web', 'failed', 'The readiness probe answered 503.')
      expect((await world.reaches(id, 'failure')).message).toMatch(/readiness probe answered 503/)
    }))

  test('of the version that runs already is a success that changes nothing', () =>
    withEngine(async (world) => {
      await twoReleases(world)
      const id = await world.start({ arguments: { BUILD: 'new-2' } })
      await world.reaches(id, 'success')
      expect((await world.nodes(id))['0.0']!.response).toMatchObject({ changed: false })
    }))

  test('promotes exactly what runs in the stage before', () =>
    withEngine(async (world) => {
      await insertBuild(world.db, { id: 'old-1', sha: SHA_1 })
      const target = { id: 'web-staging', type: 'service' as const }
      const origin = { id: 'builder', build: 'old-1' }
      await world.save(
        sequential({ kind: 'Release', condition: 'running', spec: { type: 'build', origin, target } }),
        {},
        'Staging',
      )
      await world.save(
        sequential({
          kind: 'Release',
          condition: 'running',
          spec: { type: 'deployment', origin: target, target: { id: 'web', type: 'service' } },
        }),
      )
      const early = await world.start()
      expect((await world.reaches(early, 'failure')).message).toMatch(
        /Nothing is deployed on service "web-staging"/,
      )

      const staging = await world.start({}, 'Staging')
      await world.step(staging, '0.0', 'async_wait')
      await endRollout(world.db, 'web-staging', 'completed')
      await world.reaches(staging, 'success')
      await complete(world, await world.start())
      expect(await deployedDigest(world)).toBe(`sha256:${SHA_1}`)
    }))

  test('deploys what a run was told to deploy instead', () =>
    withEngine(async (world) => {
      await twoReleases(world)
      const id = await world.start({
        arguments: { BUILD: 'new-2' },
        releaseNodeOverrides: { web: { origin: { build: 'old-1' } } },
      })
      await complete(world, id)
      expect(await deployedDigest(world)).toBe(`sha256:${SHA_1}`)
    }))
})

describe('a rollback', () => {
  test('is planned with versions, and brings back exactly what the run left', () =>
    withEngine(async (world) => {
      const [first, second] = await twoReleases(world)

      const plan = await planRollback(world.db, keyOf(first), NONE)
      expect(plan.changes).toMatchObject([
        {
          kind: 'service',
          id: 'web',
          from: { digest: `sha256:${SHA_2}`, sha: SHA_2, message: 'second version' },
          to: { digest: `sha256:${SHA_1}`, sha: SHA_1, message: 'first version' },
        },
      ])
      expect(plan.irreversible).toContain('Data in databases and volumes stays as it is.')

      const id = await rollBack(world, first)
      await complete(world, id)
      expect(await deployedDigest(world)).toBe(`sha256:${SHA_1}`)
      expect(await world.run(id)).toMatchObject({ kind: 'rollback', rollback_of: first })

      // And forward again: a rollback is a release like any other.
      const forward = await rollBack(world, second)
      await complete(world, forward)
      expect(await deployedDigest(world)).toBe(`sha256:${SHA_2}`)
    }))

  test('holds what it leaves, from automatic runs only, until somebody lifts the hold', () =>
    withEngine(async (world) => {
      const [first] = await twoReleases(world)
      await complete(world, await rollBack(world, first))
      const target = { kind: 'service', id: 'web' } as const
      const hold = { projectId: 'shop', target, digest: `sha256:${SHA_2}` }
      expect(await findHold(world.db, hold)).toMatchObject({ created_by: 'ann' })

      const request = {
        key: keyOfStage('Production'),
        body: { arguments: { BUILD: 'new-2' } },
        actor: null,
        trigger: 'automatic',
      } as const
      const automatic = await transaction(world.db, (tx) => startRun(tx, request, runDeps))
      const refused = await world.reaches(automatic.id, 'failure')
      expect(refused.message).toMatch(/held from "web"/)

      await complete(world, await world.start({ arguments: { BUILD: 'new-2' } }))
      expect(await deployedDigest(world)).toBe(`sha256:${SHA_2}`)
      await transaction(world.db, (tx) => liftHold(tx, hold, 'ann'))
      expect(await listHolds(world.db, 'shop')).toEqual([])
      await expect(transaction(world.db, (tx) => liftHold(tx, hold, 'ann'))).rejects.toMatchObject({
        code: 'not_found',
      })
    }))

  test('is refused when nothing would change, and when the build is not kept', () =>
    withEngine(async (world) => {
      const [first, second] = await twoReleases(world)
      await expect(rollBack(world, second)).rejects.toMatchObject({ code: 'invalid_state' })

      await world.db.updateTable('build').set({ artifact_digest: null }).where('id', '=', 'old-1').execute()
      await world.db.deleteFrom('artifact').where('digest', '=', `sha256:${SHA_1}`).execute()
      await expect(rollBack(world, first)).rejects.toThrow(/not kept any more/)
      // The same for a built image.
      const stages = sql`update release_run set stage_after = replace(stage_after::text, '"bundle"', '"image"')::jsonb`
      await stages.execute(world.db)
      await expect(rollBack(world, first)).rejects.toThrow(/not kept any more/)

      expect(await listHolds(world.db, 'shop')).toEqual([])
    }))

  test('brings an image from elsewhere back by its digest, without asking its registry', () => {
    let asked = 0
    const nameOf = (version: number): string =>
      `registry.example.com/web@sha256:${String(version).repeat(64)}`
    const lookUpImage = async (): Promise<string> => {
      asked += 1
      return nameOf(asked)
    }
    const origin = { imagePath: 'registry.example.com/web:main' }
    const target = { id: 'web', type: 'service' } as const
    return withEngine(
      async (world) => {
        const begun = () =>
          world.db.selectFrom('rollout').select('id').where('state', '=', 'pending').execute()
        const finish = async (id: string): Promise<string> => {
          await until(begun, (rollouts) => rollouts.length === 1)
          await complete(world, id)
          return id
        }
        const spec = { type: 'registry', origin, target } as const
        await world.save(sequential({ kind: 'Release', condition: 'running', spec }))
        const first = await finish(await world.start())
        await finish(await world.start())
        expect(await deployedDigest(world)).toBe(nameOf(2))
        await finish(await rollBack(world, first))
        expect(await deployedDigest(world)).toBe(nameOf(1))
        expect(asked).toBe(2)
      },
      { deps: { lookUpImage } },
    )
  })

  test('restores the release flow of that time as a new version, when asked to', () =>
    withEngine(async (world) => {
      const [first] = await twoReleases(world)
      await world.save(release('new-2'))
      await complete(world, await rollBack(world, first, { flow: true }))
      const flow = await findReleaseFlow(world.db, keyOfStage('Production'))
      expect(flow).toMatchObject({ version: 3, document: { arguments: { BUILD: 'latest' } } })
    }))
})

describe('a plan', () => {
  test('says what a run would change, from which version to which, and runs nothing', () =>
    withEngine(async (world) => {
      await twoReleases(world)
      await world.db
        .insertInto('volume')
        .values({ project_id: 'shop', id: 'disk', name: 'disk', spec: '{}', service_id: 'web' })
        .execute()
      const plan = await planRun(
        world.db,
        keyOfStage('Production'),
        { arguments: { BUILD: 'old-1' } },
        runDeps,
      )
      expect(plan).toMatchObject({
        changes: [
          { id: 'web', from: { sha: SHA_2 }, to: { sha: SHA_1 }, remark: expect.stringMatching(/downtime/) },
        ],
        steps: ['Deploy build old-1 of "builder" to service "web".'],
        warnings: [],
      })
      expect(await world.db.selectFrom('release_run').select('id').execute()).toHaveLength(2)
    }))

  test('tells what the run itself will build, and what it cannot undo', () =>
    withEngine(async (world) => {
      const root = release('${refs.build.id}')
      root.spec.steps.unshift(
        {
          kind: 'Build',
          ref: 'build',
          condition: 'success',
          spec: { id: 'builder', type: 'service', branch: 'main' },
        },
        { kind: 'JobRun', condition: 'success', spec: { jobId: 'migrate' } },
      )
      await world.save(root)
      const plan = await planRun(world.db, keyOfStage('Production'), {}, runDeps)
      expect(plan.changes).toMatchObject([
        { id: 'web', from: null, to: { branch: 'main', message: 'to be built by this run' } },
      ])
      expect(plan.irreversible).toEqual(['Run job "migrate". What it does stays.'])
    }))
})
