import { describe, expect, test } from 'vitest'
import { type TestApi, withTestApi } from './test-api.ts'

const P = '/v1/projects/shop'
const S = `${P}/services/web`

async function withService(work: (api: TestApi) => Promise<void>): Promise<void> {
  await withTestApi(async (api) => {
    await api.ok('POST', '/v1/projects', { name: 'Shop' })
    await api.ok('POST', `${P}/services/combined`, {
      name: 'web',
      vcsData: { projectUrl: 'https://git.example.com/shop/web', projectBranch: 'main' },
      buildSettings: { dockerfile: { dockerFilePath: '/docker/Dockerfile', dockerWorkDir: '/app' } },
      dockerSecretMounts: { npmrc: 'created with it' },
    })
    await work(api)
  })
}

const mount = (text: string) => ({ data: Buffer.from(text).toString('base64') })

describe('secret mounts of builds', () => {
  test('are set as text or base64, shown as build values, and are no part of the service', () =>
    withService(async (api) => {
      expect(await api.ok('GET', `${S}/build-arguments`)).toMatchObject({
        dockerSecretMounts: { npmrc: mount('created with it') },
      })
      await api.ok('POST', `${S}/build-arguments`, {
        buildArguments: { A: '1' },
        dockerSecretMounts: { npmrc: 'grüß dich', key: mount('a key') },
      })
      expect(await api.ok('GET', `${S}/build-arguments`)).toMatchObject({
        buildArguments: { A: '1' },
        dockerSecretMounts: { npmrc: mount('grüß dich'), key: mount('a key') },
      })
      expect(JSON.stringify(await api.ok('GET', S))).not.toMatch(/npmrc|a key/)
    }))

  test('come from secret groups too', () =>
    withService(async (api) => {
      const secrets = { dockerSecretMounts: { shared: 'of the group' } }
      await api.ok('POST', `${P}/secrets`, { name: 'Build', secretType: 'arguments', secrets })
      expect(await api.ok('GET', `${P}/secrets/build`)).toMatchObject({
        secrets: { dockerSecretMounts: { shared: mount('of the group') } },
      })
      expect(await api.ok('GET', `${S}/build-arguments?show=group`)).toMatchObject({
        dockerSecretMounts: { shared: mount('of the group') },
      })
    }))

  test('have names that the build can be given', () =>
    withService(async (api) => {
      const answer = await api.call('POST', `${S}/build`, {
        overrides: { dockerSecretMounts: { 'a,src=/etc/shadow': 'x' } },
      })
      expect(answer.status).toBe(400)
      await api.ok('POST', `${S}/build`, { overrides: { dockerSecretMounts: { mine: 'planted mount' } } })
      const rows = await api.db.selectFrom('build').selectAll().execute()
      // The first one began with the service.
      expect(rows).toHaveLength(2)
      for (const { request } of rows) {
        const dockerfile = { path: '/docker/Dockerfile', useCache: true }
        expect(request).toMatchObject({ context: '/app', dockerfile })
      }
      expect(JSON.stringify(rows)).not.toMatch(new RegExp(`planted|${mount('planted mount').data}`))
    }))
})

test('the cache of a service that exists can be cleared', () =>
  withService(async (api) => {
    await api.ok('DELETE', `${S}/build-cache`)
    const { build_cache_cleared_at: at } = await api.db
      .selectFrom('service')
      .select('build_cache_cleared_at')
      .executeTakeFirstOrThrow()
    expect(at).not.toBeNull()
    expect((await api.call('DELETE', `${P}/services/none/build-cache`)).status).toBe(404)
  }))
