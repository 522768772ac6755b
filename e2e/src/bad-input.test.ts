import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Json, type Method, type Rest, RestError, rest } from './fairway/rest.ts'
import { type Fairway, startFairway } from './fairway/server.ts'
import { createTinyRepository } from './fairway/tiny-repository.ts'
import { buildTiny, setUpTiny } from './fairway/tiny-setup.ts'
import { waitFor } from './fairway/wait-for.ts'

const FLOW = '/projects/tiny/pipelines/tiny/release-flows'
let folder: string
let fairway: Fairway
let call: Rest

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairway-bad-input-'))
  fairway = await startFairway({ dataFolder: join(folder, 'data') })
  call = rest(fairway.url, fairway.token())
  const repository = createTinyRepository(join(folder, 'repository'))
  repository.commit('one', 'good')
  await setUpTiny(call, repository.url)
  await call('PUT', '/projects/tiny/services/deployment', {
    name: 'web-staging',
    deployment: { instances: 0 },
  })
  await call('PUT', '/projects/tiny/services/deployment', { name: 'elsewhere', deployment: { instances: 0 } })
  await call('PUT', '/projects/tiny/pipelines', {
    name: 'tiny',
    stages: [
      { name: 'Development', nfObjects: [] },
      { name: 'Staging', nfObjects: [{ id: 'web-staging', type: 'service' }] },
      { name: 'Production', nfObjects: [{ id: 'web', type: 'service' }] },
    ],
  })
})

afterAll(async () => {
  await fairway.stopEverything()
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
})

const flow = (...steps: unknown[]): Json => ({
  apiVersion: 'v1.2',
  spec: { kind: 'Workflow', spec: { type: 'sequential', steps } },
})
const release = (type: string, origin: Json, target: string): Json => ({
  kind: 'Release',
  spec: { type, origin, target: { id: target, type: 'service' } },
})

async function refused(
  method: Method,
  path: string,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  try {
    await call(method, path, body)
  } catch (error) {
    if (error instanceof RestError) return { status: error.status, text: JSON.stringify(error.body) }
    throw error
  }
  throw new Error(`${method} ${path} was not refused`)
}

const deploymentBody = (change: Json): Json => ({ name: 'other', deployment: { instances: 1 }, ...change })

describe('a request that breaks a rule gets a 4xx that names the field', () => {
  const services = '/projects/tiny/services/deployment'
  test.each<[string, Method, string, unknown, RegExp]>([
    [
      'an unknown kind of node',
      'POST',
      `${FLOW}/production`,
      flow({ kind: 'Explode', spec: {} }),
      /steps.0.*kind|Explode/,
    ],
    [
      'a reference to nothing',
      'POST',
      `${FLOW}/production`,
      flow(release('build', { id: 'builder', branch: 'main', build: '${refs.nope.id}' }, 'web')),
      /nope/,
    ],
    [
      'an unknown function',
      'POST',
      `${FLOW}/production`,
      flow(release('build', { id: 'builder', branch: '${fn.shout(1)}', build: 'latest' }, 'web')),
      /shout/,
    ],
    [
      'a target outside the stage',
      'POST',
      `${FLOW}/production`,
      flow(release('build', { id: 'builder', branch: 'main', build: 'latest' }, 'elsewhere')),
      /elsewhere/,
    ],
    [
      'promotion from the wrong stage',
      'POST',
      `${FLOW}/production`,
      flow(release('deployment', { id: 'elsewhere', type: 'service' }, 'web')),
      /elsewhere/,
    ],
    [
      'a flow that runs itself',
      'POST',
      `${FLOW}/production`,
      flow({
        kind: 'RunTemplate',
        spec: { templateType: 'release-flow-template', templateId: 'tiny/production' },
      }),
      /templateId|itself|cycle/i,
    ],
    ['a name with a slash', 'POST', services, deploymentBody({ name: 'a/b' }), /name/],
    ['a name that is too short', 'POST', services, deploymentBody({ name: 'ab' }), /name/],
    [
      'a negative number of instances',
      'POST',
      services,
      deploymentBody({ deployment: { instances: -1 } }),
      /instances/,
    ],
    ['an unknown field', 'POST', services, deploymentBody({ surprise: 1 }), /surprise/],
    [
      'a port out of range',
      'POST',
      services,
      deploymentBody({ ports: [{ name: 'p', internalPort: 70000, protocol: 'HTTP' }] }),
      /internalPort/,
    ],
    [
      'a git URL that is an option',
      'POST',
      '/projects/tiny/services/build',
      { name: 'evil', vcsData: { projectUrl: '--upload-pack=touch /tmp/x', projectType: 'self-hosted' } },
      /projectUrl/,
    ],
    [
      'a git URL that runs a program',
      'POST',
      '/projects/tiny/services/build',
      { name: 'evil', vcsData: { projectUrl: 'ext::sh -c id', projectType: 'self-hosted' } },
      /projectUrl/,
    ],
    [
      'a secret file that leaves its folder',
      'POST',
      '/projects/tiny/secrets',
      {
        name: 'files',
        priority: 1,
        secretType: 'environment',
        secrets: { files: { '/a/../../etc/x': { data: '' } } },
      },
      /files|\.\./,
    ],
    ['a resource that is not there', 'GET', '/projects/tiny/services/nothing', undefined, /nothing/],
  ])('%s', async (_title, ...[method, path, body, pattern]) => {
    const { status, text } = await refused(method, path, body)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(text).toMatch(pattern)
  })

  test('nothing of a refused request was kept', async () => {
    const { services: all } = await call('GET', '/projects/tiny/services')
    expect((all as Json[]).map(({ id }) => id).sort()).toEqual(['builder', 'elsewhere', 'web', 'web-staging'])
  })
})

describe('a request that is not one', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${fairway.url}/v1/projects`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${fairway.token()}`, 'content-type': 'application/json', ...headers },
    })

  test('malformed JSON is 400', async () => expect((await post('{"name":')).status).toBe(400))
  test('a body over the limit is 413', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(20_000_000) })
    // The server does not read on, so the answer may be lost to a client that is still writing.
    const answered = () =>
      post(body).then(
        ({ status }) => status,
        () => undefined,
      )
    expect(await waitFor('an answer', answered)).toBe(413)
  })
  test('a missing token is 401', async () => {
    expect((await fetch(`${fairway.url}/v1/projects`)).status).toBe(401)
  })
  test('an unknown token is 401', async () =>
    expect((await post('{}', { authorization: 'Bearer nobody' })).status).toBe(401))
  test('an expired token is 401', async () => {
    const { token } = await call('POST', '/tokens', {
      name: 'old',
      permission: 'read',
      expiresAt: new Date(Date.now() - 1000).toISOString(),
    })
    const answer = await fetch(`${fairway.url}/v1/projects`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(401)
  })
  test('a token that may only read cannot write: 403', async () => {
    const { token } = await call('POST', '/tokens', { name: 'reader', permission: 'read' })
    expect((await post('{"name":"More"}', { authorization: `Bearer ${token}` })).status).toBe(403)
  })
})

describe('a build of what cannot be built ends in FAILURE and says why', () => {
  async function buildOf(vcsData: Json, build: Json = {}): Promise<string> {
    await call('PUT', '/projects/tiny/services/build', { name: 'broken', vcsData, ...build })
    const { id } = await call('POST', '/projects/tiny/services/broken/build', { branch: 'main' })
    const found = await buildEnds(String(id))
    expect(found.status).toBe('FAILURE')
    return JSON.stringify(found)
  }
  async function buildEnds(id: string): Promise<Json> {
    for (;;) {
      const build = await call('GET', `/projects/tiny/services/broken/build/${id}`)
      if (build.concluded === true) return build
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  test('a repository that does not exist', async () => {
    const text = await buildOf({ projectUrl: `file://${folder}/nowhere`, projectType: 'self-hosted' })
    expect(text).toMatch(/repository/i)
  })

  test('a build context that leaves the repository', async () => {
    const answer = await refused('PUT', '/projects/tiny/services/build', {
      name: 'broken',
      vcsData: { projectUrl: `file://${folder}/repository`, projectType: 'self-hosted' },
      buildSettings: { dockerfile: { dockerWorkDir: '/../..' } },
    })
    expect(answer.status).toBe(400)
  })

  test('a build that prints 100 MB keeps a bounded log', async () => {
    const repository = createTinyRepository(join(folder, 'loud'))
    const sha = repository.commitFiles('loud', {
      'package.json': JSON.stringify({
        name: 'loud',
        version: '1.0.0',
        scripts: {
          build: `node -e "for (let i = 0; i < 1e6; i++) console.log('x'.repeat(99))"`,
          start: 'node -v',
        },
      }),
    })
    await call('PUT', '/projects/tiny/services/build', {
      name: 'builder',
      vcsData: { projectUrl: repository.url, projectType: 'self-hosted' },
    })
    const build = await buildTiny(call, sha)
    expect(build.status).toBe('SUCCESS')
  }, 120_000)
})
