import { describe, expect, test } from 'vitest'
import { type TestApi, withTestApi } from './test-api.ts'

const PIPELINES = '/v1/projects/shop/pipelines'

const inShop = (work: (api: TestApi) => Promise<void>): Promise<void> =>
  withTestApi(async (api) => {
    await api.ok('POST', '/v1/projects', { name: 'shop' })
    for (const [id, kind] of [
      ['web', 'deployment'],
      ['web-staging', 'deployment'],
      ['builder', 'build'],
    ] as const) {
      await api.db
        .insertInto('service')
        .values({ project_id: 'shop', id, kind, name: id, spec: '{}' })
        .execute()
    }
    await work(api)
  })

const inStage = (id: string, stage: string) => ({ id, type: 'service', stage })

const startRun = ({ db }: TestApi, stage: string) =>
  db
    .insertInto('release_run')
    .values({
      id: '00000000-0000-4000-8000-000000000001',
      project_id: 'shop',
      pipeline_id: 'ship',
      stage,
      status: 'running',
      document: '{}',
      flow_version: 1,
    })
    .execute()

describe('200', () => {
  test('resources may be given by stage or as one list', () =>
    inShop(async ({ ok }) => {
      const byStage = { name: 'Production', nfObjects: [{ id: 'web', type: 'service' }] }
      const made = await ok('POST', PIPELINES, {
        name: 'ship',
        stages: [byStage],
        nfObjects: [inStage('web-staging', 'staging')],
      })
      expect(made).toMatchObject({
        nfObjects: [inStage('web', 'Production'), inStage('web-staging', 'Staging')],
        stages: [{ name: 'Development', nfObjects: [] }, { name: 'Staging' }, { name: 'Production' }],
      })
      expect(await ok('GET', `${PIPELINES}/ship`)).toEqual(made)
    }))

  test('a patch of the description keeps the resources; a put replaces them', () =>
    inShop(async ({ ok }) => {
      await ok('PUT', PIPELINES, { name: 'ship', nfObjects: [inStage('web', 'Production')] })
      const patched = await ok('PATCH', `${PIPELINES}/ship`, { description: 'To production' })
      expect(patched).toMatchObject({ description: 'To production', nfObjects: [{ id: 'web' }] })
      expect(await ok('PUT', PIPELINES, { name: 'ship' })).toMatchObject({ nfObjects: [] })
    }))

  test('deleting a pipeline leaves its resources', () =>
    inShop(async ({ ok, db }) => {
      await ok('POST', PIPELINES, { name: 'ship', nfObjects: [inStage('web', 'Production')] })
      await ok('DELETE', `${PIPELINES}/ship`)
      expect(await ok('GET', PIPELINES)).toEqual({ pipelines: [] })
      expect(await db.selectFrom('service').select('id').execute()).toHaveLength(3)
    }))
})

describe('400', () => {
  test.each<[string, object, RegExp]>([
    ['a resource that is not there', inStage('nope', 'Staging'), /nope.*does not exist/],
    ['a service that builds', inStage('builder', 'Staging'), /builder.*build service/],
    ['a stage that there is not', inStage('web', 'Moon'), /nfObjects\.0\.stage.*Development/],
  ])('%s', (_title, object, pattern) =>
    inShop(async ({ call, ok }) => {
      const { status, body } = await call('POST', PIPELINES, { name: 'ship', nfObjects: [object] })
      expect(status).toBe(400)
      expect(JSON.stringify(body)).toMatch(pattern)
      expect(await ok('GET', PIPELINES)).toEqual({ pipelines: [] })
    }),
  )

  test('a resource that is named twice', () =>
    inShop(async ({ call }) => {
      const nfObjects = [inStage('web', 'Staging'), inStage('web', 'Production')]
      expect((await call('POST', PIPELINES, { name: 'ship', nfObjects })).status).toBe(400)
    }))
})

describe('409', () => {
  test('a resource that is in another pipeline', () =>
    inShop(async ({ call, ok }) => {
      await ok('POST', PIPELINES, { name: 'ship', nfObjects: [inStage('web', 'Production')] })
      const other = { name: 'other', nfObjects: [inStage('web', 'Staging')] }
      expect((await call('POST', PIPELINES, other)).status).toBe(409)
    }))

  test('a stage with a run under way keeps its resources, another one may change', () =>
    inShop(async (api) => {
      const both = [inStage('web', 'Production'), inStage('web-staging', 'Staging')]
      await api.ok('POST', PIPELINES, { name: 'ship', nfObjects: both })
      await startRun(api, 'Production')
      await api.ok('PATCH', `${PIPELINES}/ship`, { nfObjects: [both[0]] })
      expect((await api.call('PATCH', `${PIPELINES}/ship`, { nfObjects: [] })).status).toBe(409)
      expect((await api.call('DELETE', `${PIPELINES}/ship`)).status).toBe(409)
      expect(await api.ok('GET', `${PIPELINES}/ship`)).toMatchObject({ nfObjects: [{ id: 'web' }] })
    }))
})
