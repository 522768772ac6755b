import { sql } from 'kysely'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { createImageRegistry } from '../registries/image-registry.ts'
import { createNoImages } from '../registries/no-images.ts'
import { hostPlatform } from '../registries/platform.ts'
import {
  answerImage,
  newRepository,
  type OwnRegistry,
  pushImage,
  REGISTRY,
  registryHere,
  removeImages,
  serveRegistry,
} from '../registries/test-registry.ts'
import type { ApiDeps } from './deps.ts'
import { type TestApi, withTestApi } from './test-api.ts'

const here = hostPlatform()
afterAll(removeImages)
const registry = createImageRegistry({ platform: here, timeoutMs: 2_000 })
const SERVICES = '/v1/projects/shop/services'
const WEB = `${SERVICES}/web`
const JOBS = '/v1/projects/shop/jobs'

type Asked = { reference: string; inTransaction: number }
type World = TestApi & { asked: Asked[] }

/** A project, and the real client of registries; notes what is asked, and how many transactions were open then. */
const inShop = (
  work: (world: World) => Promise<void>,
  resolve: ApiDeps['resolveImage'] = registry.resolve,
) => {
  const asked: Asked[] = []
  let api: TestApi | undefined
  const resolveImage: ApiDeps['resolveImage'] = async (request) => {
    const { rows } = await sql<{ open: number }>`
      select count(*)::int as open from pg_stat_activity
       where datname = current_database() and state like 'idle in transaction%'`.execute(api!.db)
    asked.push({ reference: request.reference, inTransaction: rows[0]!.open })
    return resolve(request)
  }
  return withTestApi(
    async (test) => {
      api = test
      await api.ok('POST', '/v1/projects', { name: 'shop' })
      await work({ ...api, asked })
    },
    { deps: { resolveImage } },
  )
}

const service = (imagePath: string, credentials?: string) => ({
  name: 'web',
  billing: { deploymentPlan: 'nf-compute-20' },
  deployment: { instances: 1, external: { imagePath, ...(credentials && { credentials }) } },
})
const job = (imagePath: string) => ({
  name: 'migrate',
  billing: { deploymentPlan: 'nf-compute-20' },
  deployment: { external: { imagePath } },
})

const create = (api: TestApi, imagePath: string, credentials?: string) =>
  api.call('POST', `${SERVICES}/deployment`, service(imagePath, credentials))
const revisions = (api: TestApi) =>
  api.db
    .selectFrom('revision')
    .select(['artifact_kind', 'artifact_digest', 'source'])
    .orderBy('number')
    .execute()
const codeOf = ({ body }: { body: unknown }) => (body as { error: { id?: string; code?: string } }).error

describe.skipIf(!registryHere)('an image of a real registry', () => {
  test('is deployed by its digest; what was written stays and is shown', () =>
    inShop(async (world) => {
      const imagePath = `${REGISTRY}/${newRepository()}:1.0`
      const digest = await pushImage(imagePath.slice(REGISTRY.length + 1, -4), '1.0', here)
      const web = await world.ok('POST', `${SERVICES}/deployment`, service(imagePath))
      expect(web).toMatchObject({
        deployment: { external: { imagePath, registryProvider: 'custom', privateImage: false } },
      })
      expect(await revisions(world)).toEqual([
        {
          artifact_kind: 'image',
          artifact_digest: `${imagePath.slice(0, -4)}@${digest}`,
          source: { external: { imagePath } },
        },
      ])
    }))

  test('is asked for outside of every transaction, and only when the source is new', () =>
    inShop(async (world) => {
      const name = newRepository()
      await pushImage(name, 'latest', here)
      const reference = `${REGISTRY}/${name}`
      expect((await create(world, reference)).status).toBe(200)
      await world.ok('PATCH', `${SERVICES}/deployment/web`, { description: 'The shop' })
      await world.ok('POST', `${WEB}/scale`, { instances: 2 })
      await world.ok('POST', `${WEB}/restart`)
      expect(world.asked).toEqual([{ reference, inTransaction: 0 }])
    }))

  test('deploying it again takes what the tag points at now; the same once more changes nothing', () =>
    inShop(async (world) => {
      const name = newRepository()
      const imagePath = `${REGISTRY}/${name}:main`
      const first = await pushImage(name, 'main', here)
      await create(world, imagePath)
      const second = await pushImage(name, 'main', here)
      for (let times = 0; times < 2; times++)
        await world.ok('POST', `${WEB}/deployment`, { external: { imagePath } })
      const digests = (await revisions(world)).map((one) => one.artifact_digest.split('@')[1])
      expect(digests).toEqual([first, second])
    }))

  test('that is not there is refused at once, and nothing is created', () =>
    inShop(async (world) => {
      const answer = await create(world, `${REGISTRY}/${newRepository()}:1`)
      expect(answer.status).toBe(422)
      expect(JSON.stringify(answer.body)).toContain('There is no image')
      expect((await world.call('GET', WEB)).status).toBe(404)
    }))

  test('of another platform is refused by put and patch, and what runs stays', () =>
    inShop(async (world) => {
      const name = newRepository()
      await pushImage(name, 'good', here)
      await pushImage(name, 'foreign', { os: 'linux', architecture: 'mips64le' })
      await create(world, `${REGISTRY}/${name}:good`)
      const foreign = service(`${REGISTRY}/${name}:foreign`)
      const put = await world.call('PUT', `${SERVICES}/deployment`, foreign)
      const patch = await world.call('PATCH', `${SERVICES}/deployment/web`, {
        deployment: foreign.deployment,
      })
      expect([put.status, patch.status]).toEqual([422, 422])
      expect(JSON.stringify(put.body)).toContain('linux/mips64le')
      expect(await revisions(world)).toHaveLength(1)
      expect(await world.ok('GET', WEB)).toMatchObject({
        deployment: { external: { imagePath: `${REGISTRY}/${name}:good` } },
      })
    }))

  test('is what a job runs, and what one run of it runs instead', () =>
    inShop(async (world) => {
      const name = newRepository()
      const [one, two] = [await pushImage(name, '1', here), await pushImage(name, '2', here)]
      const made = await world.ok('POST', `${JOBS}/manual`, job(`${REGISTRY}/${name}:1`))
      expect(made).toMatchObject({ artifact: `${REGISTRY}/${name}@${one}` })
      const external = { imagePath: `${REGISTRY}/${name}:2` }
      await world.ok('POST', `${JOBS}/migrate/runs`, {})
      await world.ok('POST', `${JOBS}/migrate/runs`, { deployment: { external } })
      const columns = ['artifact_digest', 'source'] as const
      expect(await world.db.selectFrom('job_run').select(columns).orderBy('created_at').execute()).toEqual([
        {
          artifact_digest: `${REGISTRY}/${name}@${one}`,
          source: { external: { imagePath: `${REGISTRY}/${name}:1` } },
        },
        { artifact_digest: `${REGISTRY}/${name}@${two}`, source: { external } },
      ])
      await world.ok('POST', `${JOBS}/migrate/deployment`, { external })
      expect(await world.ok('GET', `${JOBS}/migrate`)).toMatchObject({
        artifact: `${REGISTRY}/${name}@${two}`,
      })
      expect(world.asked.map(({ inTransaction }) => inTransaction)).toEqual([0, 0, 0])
    }))
})

describe('an image of a private registry', () => {
  const opened: OwnRegistry[] = []
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close()
  })
  const basic = `Basic ${Buffer.from('ann:pass-word-9').toString('base64')}`
  const open = async (): Promise<string> => {
    const own = await serveRegistry((request, response) => {
      if (request.headers.authorization === basic) return answerImage(request, response, here)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="own"' }).end('{}')
    })
    opened.push(own)
    return own.host
  }
  const save = (api: TestApi, registryUrl: string, change: object = {}) =>
    api.ok('POST', '/v1/integrations/registries', {
      name: 'own',
      provider: 'custom',
      registryUrl,
      credentials: { username: 'ann', password: 'pass-word-9' },
      ...change,
    })

  test('is deployed with saved credentials, which stay as long as something pulls with them', () =>
    inShop(async (world) => {
      const host = await open()
      await save(world, host)
      expect((await create(world, `${host}/team/app:1`)).status).toBe(422)
      const web = await create(world, `${host}/team/app:1`, 'own')
      expect(web.body).toMatchObject({
        data: { deployment: { external: { privateImage: true, credentials: 'own' } } },
      })
      expect(JSON.stringify(web.body)).not.toContain('pass-word-9')

      const refused = await world.call('DELETE', '/v1/integrations/registries/own')
      expect(refused.status).toBe(409)
      expect(JSON.stringify(refused.body)).toContain('shop/web')
      await world.ok('DELETE', WEB)
      await world.db.deleteFrom('service').execute()
      await world.ok('DELETE', '/v1/integrations/registries/own')
    }))

  test('keeps the credentials that a service builds with, too', () =>
    inShop(async (world) => {
      await save(world, await open())
      const spec = JSON.stringify({ buildConfiguration: { dockerCredentials: ['other', 'own'] } })
      await world.db
        .insertInto('service')
        .values({ project_id: 'shop', id: 'builder', kind: 'build', name: 'builder', spec })
        .execute()
      const refused = await world.call('DELETE', '/v1/integrations/registries/own')
      expect([refused.status, JSON.stringify(refused.body)]).toEqual([
        409,
        expect.stringContaining('shop/builder'),
      ])
    }))

  test('is not opened by credentials of another registry, another project, for pushing only, or by none that exist', () =>
    inShop(async (world) => {
      const host = await open()
      const image = `${host}/team/app:1`
      const cases = [
        ['other', { registryUrl: 'registry.example.com' }, 'are for registry.example.com'],
        [
          'theirs',
          { restrictions: { restricted: true, projects: ['bank'] } },
          'restricted to other projects',
        ],
        [
          'push',
          { credentials: { username: 'ann', password: 'pass-word-9', scope: { pull: false, push: true } } },
          'may not pull',
        ],
      ] as const
      for (const [name, change, rule] of cases) {
        await save(world, host, { name, ...change })
        const answer = await create(world, image, name)
        expect(answer.status).toBe(400)
        expect(JSON.stringify(answer.body)).toContain(rule)
      }
      expect((await create(world, image, 'nobody')).status).toBe(404)
      expect(world.asked).toEqual([])
    }))

  test('that cannot be reached is an error that says so, at once', () =>
    inShop(async (world) => {
      const host = await open()
      await opened[0]!.close()
      const answer = await create(world, `${host}/team/app:1`)
      expect(answer.status).toBe(422)
      expect(JSON.stringify(answer.body)).toContain('nothing listens there')
      expect(codeOf(answer)).toMatchObject({ id: 'registry_unreachable' })
    }))

  test('new credentials for the same image make a new revision, so that the old ones can go', () =>
    inShop(async (world) => {
      const host = await open()
      await save(world, host)
      await save(world, host, { name: 'next' })
      const imagePath = `${host}/team/app:1`
      await create(world, imagePath, 'own')
      await world.ok('POST', `${WEB}/deployment`, { external: { imagePath, credentials: 'next' } })
      expect((await revisions(world)).map(({ source }) => source)).toEqual([
        { external: { imagePath, credentials: 'own' } },
        { external: { imagePath, credentials: 'next' } },
      ])
      await world.ok('DELETE', '/v1/integrations/registries/own')
      expect((await world.call('DELETE', '/v1/integrations/registries/next')).status).toBe(409)
    }))
})

describe('a runtime without images', () => {
  test('says at once that it cannot run one and what to do', () =>
    inShop(async (world) => {
      const answer = await create(world, 'nginx:1.27')
      expect(answer.status).toBe(501)
      expect(JSON.stringify(answer.body)).toContain('the process runtime runs only what is built')
      expect(await revisions(world)).toEqual([])
    }, createNoImages().resolve))
})
