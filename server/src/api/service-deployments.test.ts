import { describe, expect, test } from 'vitest'
import { type TestApi, withTestApi } from './test-api.ts'

const WEB = '/v1/projects/shop/services/web'

/** A combined service with two successful builds of `main`, the newer one deployed by hand. */
const withBuilt = (work: (api: TestApi) => Promise<void>): Promise<void> =>
  withTestApi(async (api) => {
    await api.ok('POST', '/v1/projects', { name: 'shop' })
    await api.ok('POST', '/v1/projects/shop/services/combined', {
      name: 'web',
      vcsData: { projectUrl: 'file:///srv/shop.git', projectBranch: 'main' },
    })
    await api.db
      .insertInto('artifact')
      .values({ digest: 'sha256:1', kind: 'bundle', size_bytes: 1 })
      .execute()
    await api.db
      .updateTable('build')
      .set({ status: 'SUCCESS', artifact_digest: 'sha256:1', message: 'Open the shop', sha: 'a'.repeat(40) })
      .execute()
    const { id } = await api.db.selectFrom('build').select('id').executeTakeFirstOrThrow()
    await api.ok('POST', `${WEB}/deployment`, { internal: { branch: 'main', buildId: id } })
    await work(api)
  })

describe('deployments of a service', () => {
  test('are listed with their commit, who asked for them and what became of them', () =>
    withBuilt(async ({ ok }) => {
      await ok('POST', `${WEB}/restart`)
      const { deployments } = await ok<{ deployments: { status: string }[] }>('GET', `${WEB}/deployments`)
      expect(deployments).toMatchObject([
        { number: 2, reason: 'restart', status: 'pending' },
        {
          number: 1,
          reason: 'deploy',
          status: 'superseded',
          createdBy: expect.any(String),
          internal: { id: 'web', branch: 'main', message: 'Open the shop', buildSHA: 'a'.repeat(40) },
        },
      ])
      const page = await ok<{ deployments: object[] }>('GET', `${WEB}/deployments?per_page=1&page=2`)
      expect(page.deployments).toMatchObject([{ number: 1 }])
    }))

  test('a service says what it follows, and that one version was named by hand', () =>
    withBuilt(async ({ ok }) => {
      expect(await ok('GET', WEB)).toMatchObject({
        disabledCD: true,
        deployment: {
          follows: { builder: 'web', branch: 'main', pinned: true, buildId: expect.any(String) },
        },
      })
      await ok('POST', `${WEB}/deployment`, { internal: { branch: 'main', buildSHA: 'latest' } })
      expect(await ok('GET', WEB)).toMatchObject({
        disabledCD: false,
        deployment: { follows: { builder: 'web', branch: 'main', pinned: false } },
      })
    }))

  test('a combined service can still be changed once a build was deployed to it by hand', () =>
    withBuilt(async ({ ok }) => {
      await ok('PATCH', '/v1/projects/shop/services/combined/web', { deployment: { drainSeconds: 7 } })
      expect(await ok('GET', WEB)).toMatchObject({
        disabledCD: true,
        deployment: { drainSeconds: 7, follows: { pinned: true } },
      })
      await ok('PATCH', '/v1/projects/shop/services/combined/web', { disabledCD: false })
      expect(await ok('GET', WEB)).toMatchObject({ deployment: { follows: { pinned: false } } })
    }))
})
