import type { FairwayError } from '@fairway/contract/errors'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { connectEngine, type Engine } from '../lib/docker/engine.ts'
import { DEFAULT_ENGINE_SOCKET } from '../lib/docker/engine-socket.ts'
import { dockerHere } from '../lib/docker/test-engine.ts'
import { createImageRegistry } from './image-registry.ts'
import { hostPlatform } from './platform.ts'
import {
  type Answering,
  answerImage,
  answerJson,
  newRepository,
  type OwnRegistry,
  pushImage,
  pushIndex,
  REGISTRY,
  registryHere,
  removeImages,
  serveRegistry,
} from './test-registry.ts'

const here = hostPlatform()
afterAll(removeImages)
const elsewhere = { os: 'linux', architecture: here.architecture === 's390x' ? 'amd64' : 's390x' }
const registry = createImageRegistry({ platform: here })
const failure = (promise: Promise<unknown>): Promise<FairwayError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error as FairwayError,
  )

describe.skipIf(!registryHere)('a real registry', () => {
  test('a tag is resolved to the digest it points at, and the digest to itself', async () => {
    const name = newRepository()
    const digest = await pushImage(name, '1.0', here)
    const resolved = { reference: `${REGISTRY}/${name}@${digest}`, digest }
    expect(await registry.resolve({ reference: `${REGISTRY}/${name}:1.0` })).toEqual(resolved)
    expect(await registry.resolve({ reference: resolved.reference })).toEqual(resolved)
  })

  test('a look at a tag answers its digest, and fails as reading it does', async () => {
    const name = newRepository()
    const reference = `${REGISTRY}/${name}:1.0`
    expect((await failure(registry.peek({ reference }))).code).toBe('image_not_found')
    const digest = await pushImage(name, '1.0', here)
    expect(await registry.peek({ reference })).toBe(digest)
  })

  test('a tag that moves is resolved anew each time', async () => {
    const name = newRepository()
    const reference = `${REGISTRY}/${name}`
    const first = await pushImage(name, 'latest', here)
    expect((await registry.resolve({ reference })).digest).toBe(first)
    const second = await pushImage(name, 'latest', here)
    expect((await registry.resolve({ reference })).digest).toBe(second)
    expect(second).not.toBe(first)
  })

  test('an image for many platforms is resolved to the digest of its index', async () => {
    const name = newRepository()
    const digest = await pushIndex(name, 'many', [elsewhere, here])
    expect((await registry.resolve({ reference: `${REGISTRY}/${name}:many` })).digest).toBe(digest)
  })

  test('an image without this platform is refused, as one image and as an index', async () => {
    const name = newRepository()
    await pushImage(name, 'one', elsewhere)
    await pushIndex(name, 'many', [elsewhere])
    for (const tag of ['one', 'many']) {
      const error = await failure(registry.resolve({ reference: `${REGISTRY}/${name}:${tag}` }))
      expect(error.code).toBe('image_platform')
      expect(error.message).toContain(`linux/${elsewhere.architecture}`)
      expect(error.message).toContain(`this host needs linux/${here.architecture}`)
    }
  })

  test('an image that is not there is said to be not found', async () => {
    const name = newRepository()
    const absent = await failure(registry.resolve({ reference: `${REGISTRY}/${name}:1` }))
    expect(absent.code).toBe('image_not_found')
    await pushImage(name, '1', here)
    const tag = await failure(registry.resolve({ reference: `${REGISTRY}/${name}:2` }))
    expect(tag.code).toBe('image_not_found')
    expect(tag.message).toContain(`${REGISTRY}/${name}:2`)
  })

  test('all tags are listed', async () => {
    const name = newRepository()
    for (const tag of ['1.0', '1.1', '2.0']) await pushImage(name, tag, here)
    expect((await registry.tags({ reference: `${REGISTRY}/${name}` })).sort()).toEqual(['1.0', '1.1', '2.0'])
  })
})

describe.skipIf(!registryHere || !dockerHere)('an image that an engine pushed', () => {
  const finished = (engine: Engine, progress: NodeJS.ReadableStream): Promise<void> =>
    new Promise((resolve, reject) =>
      engine.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())),
    )

  test('is resolved to a reference by which an engine pulls the same image', async () => {
    const engine = connectEngine(DEFAULT_ENGINE_SOCKET)
    const repo = `${REGISTRY}/${newRepository()}`
    await engine.getImage('debian:12-slim').tag({ repo, tag: '1' })
    await finished(
      engine,
      await engine.getImage(repo).push({ tag: '1', authconfig: { username: '', password: '' } }),
    )
    await engine.getImage(`${repo}:1`).remove()
    const { reference } = await registry.resolve({ reference: `${repo}:1` })
    expect(reference.startsWith(`${repo}@sha256:`)).toBe(true)
    await finished(engine, await engine.pull(reference))
    const [pulled, pushed] = await Promise.all(
      [reference, 'debian:12-slim'].map((name) => engine.getImage(name).inspect()),
    )
    await engine.getImage(reference).remove()
    expect(pulled!.Id).toBe(pushed!.Id)
  })
})

describe('a registry that asks who is there', () => {
  const opened: OwnRegistry[] = []
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close()
  })
  const serve = async (answer: Answering): Promise<OwnRegistry> => {
    const own = await serveRegistry(answer)
    opened.push(own)
    return own
  }
  const credentials = { username: 'ann', password: 'pass-word-9' }
  const basic = `Basic ${Buffer.from('ann:pass-word-9').toString('base64')}`

  /** Gives tokens for one password, or to everybody, and answers only to the token. */
  const tokenRegistry = async (anonymous: boolean) => {
    const asked: URL[] = []
    const tokens = new Map([[basic, 't-known'], ...(anonymous ? ([['nobody', 't-anyone']] as const) : [])])
    const own = await serve((request, response) => {
      const url = new URL(request.url!, 'http://here')
      const { authorization = 'nobody', host } = request.headers
      if (url.pathname === '/token') {
        asked.push(url)
        const token = tokens.get(authorization)
        // Some registries repeat what they were sent.
        const denied = { errors: [{ code: 'DENIED', message: authorization }] }
        return answerJson(response, JSON.stringify(token ? { token } : denied), 'a/b', token ? 200 : 403)
      }
      if ([...tokens.values()].includes(authorization.replace('Bearer ', '')))
        return answerImage(request, response, here)
      const challenge = `Bearer realm="http://${host}/token",service="own.example",scope="repository:team/app:pull"`
      response.writeHead(401, { 'www-authenticate': challenge }).end('{}')
    })
    return { own, asked }
  }

  test('a token is fetched with the password, for this repository alone, and used', async () => {
    const { own, asked } = await tokenRegistry(false)
    const { digest } = await registry.resolve({ reference: `${own.host}/team/app:1`, credentials })
    expect(digest).toMatch(/^sha256:[a-f0-9]{64}$/)
    expect(asked).toHaveLength(1)
    expect(asked[0]!.searchParams.get('service')).toBe('own.example')
    expect(asked[0]!.searchParams.getAll('scope')).toEqual(['repository:team/app:pull'])
  })

  test('without credentials a token is asked for anonymously', async () => {
    const { own } = await tokenRegistry(true)
    expect((await registry.resolve({ reference: `${own.host}/team/app` })).reference).toContain('@sha256:')
  })

  test('a password that does not open it is denied, and stands in no part of the error', async () => {
    const { own } = await tokenRegistry(false)
    const wrong = { username: 'ann', password: 'wrong-word-7' }
    const error = await failure(registry.resolve({ reference: `${own.host}/team/app`, credentials: wrong }))
    expect(error.code).toBe('image_denied')
    expect(error.message).toContain('credentials')
    const whole = JSON.stringify([error.message, error.detail, error.data, String(error.cause), error.stack])
    expect(whole).not.toContain('wrong-word-7')
    expect(whole).not.toContain(Buffer.from('ann:wrong-word-7').toString('base64'))
  })

  test('a private image without credentials is denied with the advice to add some', async () => {
    const { own } = await tokenRegistry(false)
    const error = await failure(registry.resolve({ reference: `${own.host}/team/app` }))
    expect(error.code).toBe('image_denied')
    expect(error.message).toContain('add registry credentials')
  })

  test('a registry with passwords only is answered with Basic', async () => {
    const own = await serve((request, response) => {
      if (request.headers.authorization === basic) return answerImage(request, response, here)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="own"' }).end('{}')
    })
    const reference = `${own.host}/team/app:1`
    expect((await registry.resolve({ reference, credentials })).digest).toMatch(/^sha256:/)
    expect((await failure(registry.resolve({ reference }))).code).toBe('image_denied')
  })

  test('tags are followed page by page', async () => {
    const own = await serve((request, response) => answerImage(request, response, here))
    expect(await registry.tags({ reference: `${own.host}/team/app` })).toEqual(['1.0', '1.1', '2.0'])
  })

  test('a page link to another host is not followed with the password', async () => {
    let reached = false
    const other = await serve((_request, response) => {
      reached = true
      response.end('{}')
    })
    const own = await serve((_request, response) => {
      response.setHeader('link', `<http://${other.host}/v2/team/app/tags/list?last=1>; rel="next"`)
      answerJson(response, '{"tags":["1"]}', 'application/json')
    })
    const error = await failure(registry.tags({ reference: `${own.host}/team/app`, credentials }))
    expect(error.code).toBe('registry_unreachable')
    expect(reached).toBe(false)
  })

  test('a registry that is busy, broken, gone or silent is unreachable, not a missing image', async () => {
    const answers: Answering[] = [
      (_request, response) => response.writeHead(503).end(),
      (_request, response) => response.writeHead(429).end(),
      (_request, response) => response.end('<html>'),
      (request) => request.socket.destroy(),
      () => undefined,
    ]
    const impatient = createImageRegistry({ platform: here, timeoutMs: 300 })
    for (const answer of answers) {
      const own = await serve(answer)
      const error = await failure(impatient.resolve({ reference: `${own.host}/team/app` }))
      expect(error.code).toBe('registry_unreachable')
      expect(error.message).toContain(own.host)
    }
    const gone = await serve(() => undefined)
    await gone.close()
    const error = await failure(impatient.resolve({ reference: `${gone.host}/team/app` }))
    expect(error.message).toContain('nothing listens there')
  })

  test('an answer without an end is cut off', async () => {
    const own = await serve((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    })
    const error = await failure(registry.resolve({ reference: `${own.host}/team/app` }))
    expect(error.message).toContain('more than 4 MiB')
  })

  test("the caller's abort ends the question and is not blamed on the registry", async () => {
    const own = await serve(() => undefined)
    const stop = new AbortController()
    const asked = failure(registry.resolve({ reference: `${own.host}/team/app`, signal: stop.signal }))
    stop.abort(new Error('the server stops'))
    expect((await asked).message).toBe('the server stops')
  })

  test('content that is not what the digest names is refused', async () => {
    const own = await serve((request, response) => answerImage(request, response, here))
    const reference = `${own.host}/team/app@sha256:${'0'.repeat(64)}`
    expect((await failure(registry.resolve({ reference }))).code).toBe('registry_unreachable')
  })

  test('a chart or another thing that is no image is refused', async () => {
    const config = {
      mediaType: 'application/vnd.cncf.helm.config.v1+json',
      digest: `sha256:${'1'.repeat(64)}`,
    }
    const own = await serve((_request, response) =>
      answerJson(response, JSON.stringify({ schemaVersion: 2, config }), 'application/json'),
    )
    const error = await failure(registry.resolve({ reference: `${own.host}/charts/app:1` }))
    expect(error.message).toContain('is no container image')
  })

  test('what is no reference is refused before anything is asked', async () => {
    const error = await failure(registry.resolve({ reference: '[::1]:5000/app' }))
    expect(error.code).toBe('invalid_request')
    expect(error.problems[0]!.rule).toContain('IPv6')
  })
})
