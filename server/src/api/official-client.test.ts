import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ApiClient, ApiClientInMemoryContextProvider } from '@northflank/js-client'
import { describe, expect, test } from 'vitest'
import { type TestApi, withTestApi } from './test-api.ts'

const run = promisify(execFile)
const CLI = join(dirname(createRequire(import.meta.url).resolve('@northflank/cli')), 'cli.js')

type Cli = (...args: string[]) => Promise<Record<string, unknown>>

/** Logs the command line in, with a home of its own; each call answers the JSON that it printed. */
async function withCli(work: (cli: Cli, api: TestApi) => Promise<void>): Promise<void> {
  await withTestApi(async (api) => {
    const home = await mkdtemp(join(tmpdir(), 'fairway-cli-'))
    const call = (args: string[]) =>
      run(process.execPath, [CLI, ...args], { env: { ...process.env, HOME: home } })
    const cli: Cli = async (...args) => {
      const { stdout } = await call([...args, '--output', 'json'])
      return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
    }
    try {
      await call(['login', '--host', api.url, '--token', api.tokens.admin])
      await work(cli, api)
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  })
}

const given = (value: unknown): [string, string] => ['--input', JSON.stringify(value)]

const IN_SHOP = ['--projectId', 'shop']
const WEB = [...IN_SHOP, '--serviceId', 'web']
const MIGRATE = [...IN_SHOP, '--jobId', 'migrate']

describe('the official command line', () => {
  test(
    'creates, lists, gets, patches and deletes a project',
    () =>
      withCli(async (cli) => {
        expect(await cli('create', 'project', ...given({ name: 'shop' }))).toMatchObject({ id: 'shop' })
        expect(JSON.stringify(await cli('list', 'projects'))).toContain('shop')
        await cli('patch', 'project', ...IN_SHOP, ...given({ description: 'The shop' }))
        expect(await cli('get', 'project', ...IN_SHOP)).toMatchObject({
          description: 'The shop',
          services: [],
        })
        await cli('delete', 'project', ...IN_SHOP, '--force')
      }),
    60_000,
  )

  test(
    'creates, lists, gets, patches, scales, restarts, pauses, resumes and deletes a service',
    () =>
      withCli(async (cli, { ok, db }) => {
        await ok('POST', '/v1/projects', { name: 'shop' })
        const body = {
          name: 'web',
          billing: { deploymentPlan: 'nf-compute-20' },
          deployment: { instances: 1, external: { imagePath: 'nginx:1.27' } },
        }
        expect(await cli('create', 'service', 'deployment', ...IN_SHOP, ...given(body))).toMatchObject({
          id: 'web',
        })
        expect(JSON.stringify(await cli('list', 'services', ...IN_SHOP))).toContain('web')
        await cli('patch', 'service', 'deployment', ...WEB, ...given({ description: 'The web' }))
        await cli('scale', 'service', ...WEB, ...given({ instances: 3 }))
        expect(await cli('get', 'service', ...WEB)).toMatchObject({
          description: 'The web',
          deployment: { instances: 3 },
        })
        const revisions = () => db.selectFrom('revision').select('id').execute()
        const before = (await revisions()).length
        await cli('restart', 'service', ...WEB)
        expect(await revisions()).toHaveLength(before + 1)
        await cli('get', 'service', 'ports', ...WEB)
        await cli('get', 'service', 'health-checks', ...WEB)
        await cli('get', 'service', 'deployment', ...WEB)
        await cli('get', 'service', 'containers', ...WEB)
        await cli('get', 'service', 'builds', ...WEB)
        await cli('pause', 'service', ...WEB)
        await cli('resume', 'service', ...WEB, ...given({ instances: 1 }))
        await cli('delete', 'service', ...WEB, '--force')
        expect(await cli('get', 'service', ...WEB)).toMatchObject({ deleting: true })
      }),
    120_000,
  )

  test(
    'adds, lists, gets and deletes registry credentials',
    () =>
      withCli(async (cli) => {
        const credentials = { username: 'ann', password: 'pass-word-9', scope: { pull: true } }
        const body = { name: 'Our Hub', provider: 'dockerhub', credentials }
        expect(await cli('add', 'registry-credentials', ...given(body))).toMatchObject({ id: 'our-hub' })
        const HUB = ['--credentialId', 'our-hub']
        expect(JSON.stringify(await cli('list', 'registry-credentials'))).toContain('our-hub')
        const read = await cli('get', 'registry-credentials', ...HUB)
        expect(read).toMatchObject({ provider: 'dockerhub', credentials: { username: 'ann' } })
        expect(JSON.stringify(read)).not.toContain('pass-word-9')
        await cli('delete', 'registry-credentials', ...HUB, '--force')
        expect(JSON.stringify(await cli('list', 'registry-credentials'))).not.toContain('our-hub')
      }),
    60_000,
  )

  test(
    'creates, runs, reads and deletes a job',
    () =>
      withCli(async (cli, { ok }) => {
        await ok('POST', '/v1/projects', { name: 'shop' })
        const body = {
          name: 'migrate',
          billing: { deploymentPlan: 'nf-compute-20' },
          backoffLimit: 0,
          deployment: { external: { imagePath: 'shop/migrate:1' } },
        }
        expect(await cli('create', 'job', 'manual', ...IN_SHOP, ...given(body))).toMatchObject({
          id: 'migrate',
        })
        const { id } = await cli('start', 'job', 'run', ...MIGRATE, ...given({}))
        expect(await cli('get', 'job', 'run', ...MIGRATE, '--runId', String(id))).toMatchObject({ id })
        expect(JSON.stringify(await cli('get', 'job', 'runs', ...MIGRATE))).toContain(String(id))
        await cli('abort', 'job', 'run', ...MIGRATE, '--runId', String(id))
      }),
    60_000,
  )
})

describe('the official JavaScript client', () => {
  test('reads what it wrote, part by part, and shows our errors', () =>
    withTestApi(async ({ url, tokens }) => {
      const context = new ApiClientInMemoryContextProvider()
      await context.addContext({ name: 'test', token: tokens.admin, host: url })
      const client = new ApiClient(context)
      await client.create.project({ data: { name: 'shop' } })
      for (const name of ['one', 'two', 'three']) {
        await client.create.service.deployment({
          parameters: { projectId: 'shop' },
          data: { name, billing: { deploymentPlan: 'nf-compute-20' }, deployment: { instances: 0 } },
        })
      }
      const listed = await client.list.services.all({
        parameters: { projectId: 'shop' },
        options: { per_page: 2 },
      })
      expect(listed.data.services.map(({ id }) => id)).toEqual(['one', 'three', 'two'])
      const one = await client.get.service({ parameters: { projectId: 'shop', serviceId: 'one' } })
      expect(one.data).toMatchObject({ id: 'one', serviceType: 'deployment', servicePaused: false })
      const missing = await client.get.service({ parameters: { projectId: 'shop', serviceId: 'none' } })
      expect(missing.error).toMatchObject({ status: 404, id: 'not_found' })
    }))
})
