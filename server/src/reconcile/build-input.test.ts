import { secretGroupBody } from '@fairway/contract/resources/secret-group'
import { describe, expect, it } from 'vitest'
import { toJson, transaction } from '../db/db.ts'
import { createSealer } from '../lib/seal.ts'
import { clearServiceBuildCache } from '../operations/builds/clear-cache.ts'
import { setOwnSecrets } from '../operations/environment/set-own.ts'
import { createSecretGroup } from '../operations/secrets/save.ts'
import { readBuildInput } from './build-input.ts'
import { type World, withWorld } from './builds-test-project.ts'
import { testMasterKey } from './builds-test-world.ts'

const SHA = 'b'.repeat(40)
const key = { projectId: 'shop', serviceId: 'web' }

async function spec(world: World, change: object): Promise<void> {
  const { spec } = await world.db.selectFrom('service').select('spec').executeTakeFirstOrThrow()
  await world.db
    .updateTable('service')
    .set({ spec: toJson({ ...(spec as object), ...change }) })
    .execute()
}

const input = async (world: World, overrides?: Record<string, unknown>, announced: string[] = []) => {
  const { buildId } = await world.start({ reuse: false, ...(overrides && { overrides }) })
  const sealer = createSealer(testMasterKey, (value) => announced.push(value))
  return { buildId, ...(await readBuildInput(world.db, await world.build(buildId), SHA, sealer)) }
}

const conclude = (world: World, id: string, status: string) =>
  world.db.updateTable('build').set({ status, started_at: new Date() }).where('id', '=', id).execute()

describe('what a build is given', () => {
  it('leaves it to the builder how to build when no settings say it', () =>
    withWorld(async (world) => {
      const given = await input(world)
      expect(given).toMatchObject({ secrets: {}, limits: {}, registries: {} })
      expect(given.dockerfile).toBeUndefined()
      expect(given.buildpack).toBeUndefined()
    }))

  it('is the settings of its owner at its start, under the changes for this build alone', () =>
    withWorld(async (world) => {
      await spec(world, {
        billing: { buildPlan: 'nf-compute-200' },
        buildSettings: {
          dockerfile: { dockerFilePath: '/a/Dockerfile', dockerWorkDir: '/a', useCache: false },
        },
        buildConfiguration: { dockerfileTarget: 'app' },
      })
      const dockerfile = { path: '/a/Dockerfile', target: 'app', useCache: false }
      expect(await input(world)).toMatchObject({ dockerfile, limits: { cpuMillis: 2000, memoryMb: 4096 } })
      const docker = { dockerFilePath: '/b/Dockerfile', dockerWorkDir: '/b', dockerfileTarget: 'job' }
      const { buildId, ...changed } = await input(world, { docker })
      expect(changed.dockerfile).toEqual({ path: '/b/Dockerfile', target: 'job', useCache: false })
      expect((await world.build(buildId)).request.context).toBe('/b')
      await spec(world, { buildSettings: { buildpack: { builder: 'HEROKU_24', buildContext: '/' } } })
      const { buildpack, dockerfile: none } = await input(world)
      expect(buildpack).toEqual({ builder: 'HEROKU_24', locators: [], useCache: true })
      expect(none).toBeUndefined()
    }))

  it('holds secret mounts of groups, its owner and itself, the nearest winning; the masker knows them all', () =>
    withWorld(async (world) => {
      const sealer = createSealer(testMasterKey)
      const body = secretGroupBody.parse({
        name: 'Build secrets',
        secretType: 'arguments',
        secrets: { dockerSecretMounts: { npmrc: 'group npmrc', other: 'of the group', mine: 'group mine' } },
      })
      await transaction(world.db, async (tx) => {
        await createSecretGroup(tx, { projectId: 'shop', actor: 'tester' }, body, sealer)
        const data = Buffer.from('own npmrc\n').toString('base64')
        const own = { npmrc: { data }, mine: { data } }
        await setOwnSecrets(
          tx,
          { projectId: 'shop', kind: 'service', id: 'web' },
          { dockerSecretMounts: own },
          sealer,
        )
      })
      const announced: string[] = []
      const mine = { data: Buffer.from('this build').toString('base64') }
      const { secrets } = await input(world, { dockerSecretMounts: { mine } }, announced)
      expect(secrets).toEqual({ npmrc: 'own npmrc\n', other: 'of the group', mine: 'this build' })
      for (const value of ['own npmrc', 'of the group', 'this build']) expect(announced).toContain(value)
      const { request } = await world.db.selectFrom('build').select('request').executeTakeFirstOrThrow()
      expect(JSON.stringify(request)).not.toContain(mine.data)
    }))

  it('has no cache from when the cache is cleared until a build has succeeded that began later', () =>
    withWorld(async (world) => {
      const before = await input(world)
      await conclude(world, before.buildId, 'SUCCESS')
      await transaction(world.db, (tx) => clearServiceBuildCache(tx, { ...key, actor: 'tester' }))
      const failed = await input(world)
      expect(failed.dockerfile).toMatchObject({ useCache: false })
      await conclude(world, failed.buildId, 'FAILURE')
      const first = await input(world)
      expect(first.dockerfile).toMatchObject({ useCache: false })
      await conclude(world, first.buildId, 'SUCCESS')
      expect((await input(world)).dockerfile).toBeUndefined()
    }))
})
