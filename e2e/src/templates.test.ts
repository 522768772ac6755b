import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { runEnds, runToEnd } from './fairway/fixtures.ts'
import { freePorts } from './fairway/free-ports.ts'
import { getByHost } from './fairway/get-by-host.ts'
import { type Json, type Rest, rest } from './fairway/rest.ts'
import { startFairway } from './fairway/server.ts'
import { createShopRepository } from './fairway/shop-repository.ts'
import { withFairway } from './fairway/test-fairway.ts'
import { waitFor } from './fairway/wait-for.ts'

const TEMPLATE = '/templates/shop'
const PROJECT = '/projects/shop'
const FLOW = `${PROJECT}/pipelines/shop-pipeline/release-flows/production`
const HOST = 'shop--shop.localhost'

/** The example, with its repository as a sealed override. */
const template = (repositoryUrl: string): Json => ({
  ...(JSON.parse(
    readFileSync(fileURLToPath(new URL('../../examples/templates/shop.json', import.meta.url)), 'utf8'),
  ) as Json),
  argumentOverrides: { REPOSITORY: repositoryUrl },
})

const resources = async (call: Rest): Promise<Json> => ({
  services: (await call('GET', `${PROJECT}/services`)).services,
  web: await call('GET', `${PROJECT}/services/shop`),
  containers: ((await call('GET', `${PROJECT}/services/shop/containers`)).containers as Json[])
    .map(({ name }) => name)
    .sort(),
  builds: await call('GET', `${PROJECT}/services/shop-builder/build`),
  jobs: (await call('GET', `${PROJECT}/jobs`)).jobs,
  secrets: (await call('GET', `${PROJECT}/secrets`)).secrets,
  flow: await call('GET', FLOW),
})

const releasedAt = (url: string, sha: string): Promise<unknown> =>
  waitFor(
    'the shop to answer with the released version',
    async () => {
      const { status, body } = await getByHost(`${url}/ping`, HOST)
      return status === 200 && (JSON.parse(body) as Json).version === sha.slice(0, 7)
    },
    { deadlineMs: 60_000 },
  )

test('kill -9 in the middle of a template: its run goes on to the end, and the next one has nothing to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairway-template-'))
  const [api, gateway] = await freePorts(2)
  const options = { dataFolder: join(folder, 'data'), ports: { api: api!, gateway: gateway! } }
  let fairway = await startFairway(options)
  try {
    let call = rest(fairway.url, fairway.token())
    const repository = createShopRepository(join(folder, 'repository'))
    await call('POST', '/templates', template(repository.url))
    const planned = await call('GET', `${TEMPLATE}/dry-run`)
    expect((planned.resources as Json[]).map(({ kind, action }) => `${kind} ${action}`)).toEqual([
      'Project create',
      'Addon create',
      'BuildService create',
      'DeploymentService create',
      'ManualJob create',
      'SecretGroup create',
      'Pipeline create',
    ])

    const { id } = await call('POST', `${TEMPLATE}/runs`, {})
    let kills = 0
    for (const created of [1, 4, 6]) {
      const now = await waitFor('some of it to be made', async () => {
        const run = await call('GET', `${TEMPLATE}/runs/${id}`)
        return ((run.resources as Json).created as number) >= created && run
      })
      if (now.concluded !== true) kills += 1
      await fairway.kill()
      fairway = await startFairway(options)
      call = rest(fairway.url, fairway.token())
    }
    expect(kills).toBeGreaterThan(0)
    const run = await runEnds(call, `${TEMPLATE}/runs/${id}`)
    expect(run.message ?? null).toBeNull()
    expect(run).toMatchObject({ status: 'success', resources: { created: 7, changed: 0, unchanged: 0 } })

    const release = await runToEnd(call, FLOW)
    expect(release).toMatchObject({ status: 'success' })
    await releasedAt(fairway.gatewayUrl, repository.head())
    const before = await resources(call)
    expect(await call('GET', `${TEMPLATE}/dry-run`)).toMatchObject({ unchanged: true })
    expect(await runToEnd(call, TEMPLATE)).toMatchObject({
      status: 'success',
      resources: { created: 0, changed: 0, unchanged: 7 },
    })
    expect(await resources(call)).toEqual(before)
  } finally {
    await fairway.stopEverything()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}, 240_000)

test('a run that fails in the middle is put right by a better document; two runs go one after another', async () => {
  await withFairway(async ({ call, folder }) => {
    const repository = createShopRepository(join(folder, 'repository'))
    const good = template(repository.url)
    const bad = JSON.parse(
      JSON.stringify(good).replace('"name":"shop","billing"', '"name":"shop","tags":["not-there"],"billing"'),
    ) as Json
    await call('POST', '/templates', bad)
    const failed = await runToEnd(call, TEMPLATE)
    expect(failed).toMatchObject({ status: 'failure', resources: { created: 4 } })
    expect(failed.message).toContain('DeploymentService "shop"')
    expect(failed.message).toContain('there is no tag "not-there"')

    expect(await call('PUT', '/templates', good)).toMatchObject({ version: 2 })
    const arguments_ = { arguments: { INSTANCES: 1 } }
    const [first, second] = [
      await call('POST', `${TEMPLATE}/runs`, arguments_),
      await call('POST', `${TEMPLATE}/runs`, arguments_),
    ]
    expect(['queued', 'pending']).toContain(second.status)
    const [ended, after] = [
      await runEnds(call, `${TEMPLATE}/runs/${first.id}`),
      await runEnds(call, `${TEMPLATE}/runs/${second.id}`),
    ]
    expect(ended).toMatchObject({ status: 'success', resources: { created: 3, changed: 0, unchanged: 4 } })
    expect(after).toMatchObject({ status: 'success', resources: { created: 0, changed: 0, unchanged: 7 } })
    expect(Date.parse(String(after.startedAt))).toBeGreaterThanOrEqual(Date.parse(String(ended.concludedAt)))
  })
}, 240_000)

const run = promisify(execFile)
const CLI = join(dirname(createRequire(import.meta.url).resolve('@northflank/cli')), 'cli.js')

test('the official command line creates a template, runs it, reads its runs, changes and deletes it', async () => {
  await withFairway(async ({ fairway, folder }) => {
    const command = (args: string[]) =>
      run(process.execPath, [CLI, ...args], { env: { ...process.env, HOME: folder } })
    const cli = async (...args: string[]): Promise<Json> => {
      const { stdout } = await command([...args, '--output', 'json'])
      return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Json)
    }
    await command(['login', '--host', fairway.url, '--token', fairway.token()])
    const shop = ['--templateId', 'shop']
    const input = (value: unknown) => ['--input', JSON.stringify(value)]

    expect(await cli('create', 'template', ...input(template('https://git.example/shop.git')))).toMatchObject(
      {
        id: 'shop',
      },
    )
    expect(JSON.stringify(await cli('list', 'templates'))).toContain('shop')
    // It prints what it was asked for as a list of one.
    expect([await cli('get', 'template', ...shop)].flat()).toMatchObject([{ name: 'shop' }])
    const { id } = await cli('run', 'template', ...shop, ...input({}))
    await waitFor(
      'the run to end',
      async () => {
        const [now] = [await cli('get', 'template-run', ...shop, '--templateRunId', String(id))].flat()
        return now?.concluded === true && now
      },
      { deadlineMs: 60_000, everyMs: 300 },
    )
    expect(JSON.stringify(await cli('list', 'template-runs', ...shop))).toContain(String(id))
    const changed = { ...template('https://git.example/shop.git'), description: 'Changed' }
    expect(await cli('update', 'template', ...shop, ...input(changed))).toMatchObject({
      description: 'Changed',
    })
    await cli('delete', 'template', ...shop, '--force')
    expect(JSON.stringify(await cli('list', 'templates'))).not.toContain('"shop"')
  })
}, 120_000)

const OWN_CLI = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url))

test('the own command line saves a template, shows what it would do, and runs it with arguments', async () => {
  await withFairway(async ({ fairway, call, folder }) => {
    const env = {
      ...process.env,
      HOME: folder,
      FAIRWAY_HOST_URL: fairway.url,
      FAIRWAY_TOKEN: fairway.token(),
    }
    const cli = (...args: string[]) => run(process.execPath, [OWN_CLI, ...args], { env })
    const document = fileURLToPath(new URL('../../examples/templates/shop.json', import.meta.url))
    const given = ['--args', 'REPOSITORY=https://git.example/shop.git', 'INSTANCES=1']

    await cli('put', 'template', '-f', document)
    expect((await cli('list', 'templates')).stdout).toContain('shop')
    const plan = await cli('plan', 'template', 'shop', ...given)
    expect(plan.stdout).toMatch(/create +Addon +shop-db/)
    await cli('run', 'template', 'shop', ...given)
    const [started] = (await call('GET', `${TEMPLATE}/runs`)).runs as Json[]
    expect(await runEnds(call, `${TEMPLATE}/runs/${started?.id}`)).toMatchObject({ status: 'success' })
    const changed = await cli('plan', 'template', 'shop', ...given.slice(0, 2), 'INSTANCES=3')
    expect(changed.stderr).toContain('shop: deployment.instances: 1 → 3')
    expect((await cli('run', 'job', '--help')).stdout).toContain('overrides for this run')
    await cli('delete', 'template', 'shop', '--yes')
    expect((await call('GET', '/templates')).templates).toEqual([])
  })
}, 120_000)
