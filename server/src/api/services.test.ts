import { describe, expect, test } from 'vitest'
import { type TestApi, withTestApi } from './test-api.ts'

type Service = {
  id: string
  instances: number
  disabledCD: boolean
  configVersion: number
  desiredRevision: string | null
  servicePaused: boolean
  deployment: { instances: number; external?: { imagePath: string }; gracePeriodSeconds: number }
  ports: { name: string; public: boolean }[]
  status: { build?: { status: string }; deployment?: { status: string } }
}

const WEB = '/v1/projects/shop/services/web'

const body = (change: object = {}) => ({
  name: 'web',
  billing: { deploymentPlan: 'nf-compute-20' },
  deployment: { instances: 1, external: { imagePath: 'nginx:1.27' } },
  ports: [{ name: 'p01', internalPort: 80, public: true, protocol: 'HTTP' }],
  healthChecks: [{ type: 'readinessProbe', protocol: 'HTTP', path: '/ready', port: 80, periodSeconds: 0.5 }],
  runtimeEnvironment: { GREETING: 'hello', PORTS: 8 },
  ...change,
})

const inShop = (work: (api: TestApi) => Promise<void>): Promise<void> =>
  withTestApi(async (api) => {
    await api.ok('POST', '/v1/projects', { name: 'shop' })
    await work(api)
  })

const withWeb = (work: (api: TestApi, web: Service) => Promise<void>): Promise<void> =>
  inShop(async (api) =>
    work(api, await api.ok<Service>('POST', '/v1/projects/shop/services/deployment', body())),
  )

const read = (api: TestApi): Promise<Service> => api.ok<Service>('GET', WEB)

describe('200', () => {
  test('a created service is answered, read, listed and shown in its project', () =>
    withWeb(async (api, web) => {
      expect(web).toMatchObject({
        id: 'web',
        serviceType: 'deployment',
        appId: '/default/shop/web',
        billing: { deploymentPlan: 'nf-compute-20' },
        deployment: { instances: 1, gracePeriodSeconds: 30, external: { imagePath: 'nginx:1.27' } },
        ports: [{ id: 'p01', name: 'p01', internalPort: 80, public: true, domains: [] }],
        healthChecks: [{ initialDelaySeconds: 0, periodSeconds: 0.5, failureThreshold: 3 }],
      })
      expect(await read(api)).toEqual(web)
      expect(await api.ok('GET', '/v1/projects/shop/services')).toMatchObject({ services: [{ id: 'web' }] })
      expect(await api.ok('GET', '/v1/projects/shop')).toMatchObject({ services: [{ id: 'web' }] })
    }))

  test('values are sealed, never part of the spec, and read back by an admin only', () =>
    withWeb(async ({ db, call, ok, tokens }) => {
      const { spec } = await db.selectFrom('service').select('spec').executeTakeFirstOrThrow()
      expect(JSON.stringify(spec)).not.toMatch(/hello|GREETING/)
      expect(await ok('GET', `${WEB}/runtime-environment`)).toEqual({
        runtimeEnvironment: { GREETING: 'hello', PORTS: '8' },
        runtimeFiles: {},
      })
      const details = await ok('GET', `${WEB}/runtime-environment/details`)
      expect(details).toMatchObject({ runtimeEnvironment: { GREETING: { value: 'hello', overriding: [] } } })
      const reading = await call('GET', `${WEB}/runtime-environment`, undefined, { token: tokens.write })
      expect(reading.status).toBe(403)
    }))

  test('a field that instances run with makes a new revision; a public name does not', () =>
    withWeb(async (api, web) => {
      const path = '/v1/projects/shop/services/deployment/web'
      const named = await api.ok<Service>('PATCH', path, {
        description: 'The shop',
        ports: [{ name: 'p01', internalPort: 80, public: true, protocol: 'HTTP', domains: ['shop.test'] }],
      })
      expect([named.configVersion, named.desiredRevision]).toEqual([1, web.desiredRevision])
      const bigger = await api.ok<Service>('PATCH', path, { billing: { deploymentPlan: 'nf-compute-50' } })
      expect(bigger.configVersion).toBe(2)
      expect(bigger.desiredRevision).not.toBe(web.desiredRevision)
      expect(bigger).toMatchObject({ description: 'The shop', ports: [{ domains: [{ name: 'shop.test' }] }] })
      const configs = await api.db.selectFrom('service_config').select('version').orderBy('version').execute()
      expect(configs).toEqual([{ version: 1 }, { version: 2 }])
    }))

  test('a changed value makes a new revision, the same value does not', () =>
    withWeb(async (api, web) => {
      const path = `${WEB}/runtime-environment`
      await api.ok('POST', path, { runtimeEnvironment: { GREETING: 'hello', PORTS: '8' } })
      expect((await read(api)).desiredRevision).toBe(web.desiredRevision)
      await api.ok('POST', path, { runtimeEnvironment: { GREETING: 'good day' } })
      expect((await read(api)).desiredRevision).not.toBe(web.desiredRevision)
    }))

  test('scaling changes the number only; restarting makes a revision', () =>
    withWeb(async (api, web) => {
      await api.ok('POST', `${WEB}/scale`, { instances: 3 })
      const scaled = await read(api)
      expect([scaled.deployment.instances, scaled.desiredRevision]).toEqual([3, web.desiredRevision])
      await api.ok('POST', `${WEB}/restart`)
      expect((await read(api)).desiredRevision).not.toBe(web.desiredRevision)
    }))

  test('pausing and resuming', () =>
    withWeb(async (api) => {
      await api.ok('POST', `${WEB}/pause`)
      expect((await read(api)).servicePaused).toBe(true)
      await api.ok('POST', `${WEB}/resume`, { instances: 2 })
      expect(await read(api)).toMatchObject({ servicePaused: false, deployment: { instances: 2 } })
    }))

  test('a deployment by hand replaces the source and turns continuous deployment off', () =>
    withWeb(async (api, web) => {
      expect(web.disabledCD).toBe(false)
      await api.ok('POST', `${WEB}/deployment`, { external: { imagePath: 'ghcr.io/acme/shop:2' } })
      const after = await read(api)
      expect(after).toMatchObject({
        disabledCD: true,
        deployment: { external: { imagePath: 'ghcr.io/acme/shop:2', registryProvider: 'github' } },
      })
      expect(after.desiredRevision).not.toBe(web.desiredRevision)
    }))

  test('put creates, then replaces', () =>
    inShop(async (api) => {
      const path = '/v1/projects/shop/services/deployment'
      await api.ok('PUT', path, body())
      const after = await api.ok<Service>('PUT', path, body({ ports: [], deployment: { instances: 2 } }))
      expect(after).toMatchObject({ ports: [], deployment: { instances: 2 } })
    }))

  test('a combined service starts its first build', () =>
    inShop(async (api) => {
      const vcsData = { projectUrl: 'https://git.test/shop.git', projectBranch: 'main' }
      const service = await api.ok<Service>('POST', '/v1/projects/shop/services/combined', {
        name: 'app',
        vcsData,
      })
      expect(service.status.build?.status).toBe('QUEUED')
      const path = '/v1/projects/shop/services/app/build'
      const { builds } = await api.ok<{ builds: { id: string }[] }>('GET', path)
      expect(builds).toMatchObject([{ branch: 'main', status: 'QUEUED', concluded: false }])
      expect(await api.ok('GET', `${path}/${builds[0]!.id}`)).toEqual(builds[0])
      await api.ok('DELETE', `${path}/${builds[0]!.id}`)
    }))

  test('a deployment by build id runs that build', () =>
    inShop(async (api) => {
      const vcsData = { projectUrl: 'https://git.test/shop.git' }
      await api.ok('POST', '/v1/projects/shop/services/build', { name: 'builder', vcsData })
      await api.ok('POST', '/v1/projects/shop/services/deployment', { name: 'web' })
      const { id } = await api.ok<{ id: string }>('POST', '/v1/projects/shop/services/builder/build', {
        branch: 'main',
        sha: 'c'.repeat(40),
      })
      const source = { internal: { id: 'builder', buildId: id } }
      expect((await api.call('POST', `${WEB}/deployment`, source)).status).toBe(409)
      await api.db
        .insertInto('artifact')
        .values({ digest: 'sha256:1', kind: 'bundle', size_bytes: 1 })
        .execute()
      await api.db.updateTable('build').set({ status: 'SUCCESS', artifact_digest: 'sha256:1' }).execute()
      await api.ok('POST', `${WEB}/deployment`, source)
      expect(await read(api)).toMatchObject({
        deployment: {
          internal: { nfObjectId: 'builder', buildId: id, deployedSHA: 'c'.repeat(40), branch: 'main' },
        },
      })
    }))

  test('a deleted service is marked, leaves its pipeline, and may be deleted again', () =>
    withWeb(async (api) => {
      const nfObjects = [{ id: 'web', type: 'service', stage: 'Production' }]
      await api.ok('POST', '/v1/projects/shop/pipelines', { name: 'ship', nfObjects })
      await api.ok('DELETE', WEB)
      await api.ok('DELETE', WEB)
      expect(await api.ok('GET', '/v1/projects/shop/pipelines/ship')).toMatchObject({ nfObjects: [] })
      expect(await api.db.selectFrom('service').select('deleting').execute()).toEqual([{ deleting: true }])
    }))
})

describe('400', () => {
  test.each<[string, object, string]>([
    ['an unknown plan', { billing: { deploymentPlan: 'nf-huge' } }, 'billing.deploymentPlan'],
    ['too many instances', { deployment: { instances: 101 } }, 'deployment.instances'],
    ['two probes of a type', { healthChecks: [tcp(), tcp()] }, 'healthChecks.1.type'],
    ['a probe without its port', { healthChecks: [{ ...tcp(), port: undefined }] }, 'healthChecks.0.port'],
    [
      'a period below a tenth',
      { healthChecks: [{ ...tcp(), periodSeconds: 0.05 }] },
      'healthChecks.0.periodSeconds',
    ],
    ['a port used twice', { ports: [web('a'), web('b')] }, 'ports.1.internalPort'],
    [
      'two sources',
      { deployment: { internal: { id: 'b' }, external: { imagePath: 'x' } } },
      'deployment.external',
    ],
    ['a tag that does not exist', { tags: ['nope'] }, 'tags'],
    ['a secret file that leaves its folder', { runtimeFiles: { '/a/../x': { data: '' } } }, 'runtimeFiles'],
  ])('%s', (_title, change, field) =>
    inShop(async (api) => {
      const answer = await api.call('POST', '/v1/projects/shop/services/deployment', body(change))
      const { error } = answer.body as { error: { details: { problems: { field: string }[] } } }
      expect(answer.status).toBe(400)
      expect(error.details.problems[0]!.field).toContain(field)
      expect(await api.ok('GET', '/v1/projects/shop/services')).toEqual({ services: [] })
    }),
  )

  test('a patch that would break a rule of the whole changes nothing', () =>
    withWeb(async (api, web) => {
      const answer = await api.call('PATCH', '/v1/projects/shop/services/deployment/web', {
        deployment: { strategy: { type: 'custom' } },
      })
      expect(answer.status).toBe(400)
      expect(await read(api)).toEqual(web)
    }))
})

describe('409', () => {
  test('a name that is taken, and a route of another kind', () =>
    withWeb(async (api) => {
      expect((await api.call('POST', '/v1/projects/shop/services/deployment', body())).status).toBe(409)
      expect((await api.call('PATCH', '/v1/projects/shop/services/combined/web', {})).status).toBe(409)
    }))

  test('nothing changes a service that is being deleted', () =>
    withWeb(async (api) => {
      await api.ok('DELETE', WEB)
      expect((await api.call('POST', `${WEB}/restart`)).status).toBe(409)
    }))

  test('a service that a release run uses is not deleted', () =>
    withWeb(async (api) => {
      const nfObjects = [{ id: 'web', type: 'service', stage: 'Production' }]
      await api.ok('POST', '/v1/projects/shop/pipelines', { name: 'ship', nfObjects })
      const run = { id: '00000000-0000-4000-8000-000000000001', project_id: 'shop', pipeline_id: 'ship' }
      const rest = { stage: 'Production', status: 'running', document: '{}', flow_version: 1 }
      await api.db
        .insertInto('release_run')
        .values({ ...run, ...rest })
        .execute()
      const answer = await api.call('DELETE', WEB)
      expect(answer.status).toBe(409)
      expect(JSON.stringify(answer.body)).toContain(run.id)
    }))
})

function tcp() {
  return { type: 'livenessProbe', protocol: 'TCP', port: 80 }
}

function web(name: string) {
  return { name, internalPort: 80, protocol: 'HTTP' }
}
