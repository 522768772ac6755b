import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../lib/docker/engine.ts'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { line, TEST_IMAGE, withRuntime } from './docker-test-world.ts'

const REGISTRY = '127.0.0.1:5000'
const FOREVER = 'setInterval(() => {}, 1000)'
const ABSENT = `sha256:${'0'.repeat(64)}`

const finished = (engine: Engine, stream: NodeJS.ReadableStream): Promise<void> =>
  new Promise((resolve, reject) => {
    engine.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()))
  })

/** A small image of its own, pushed and then removed from the engine. Its reference by digest. */
async function pushed(engine: Engine): Promise<string> {
  const repository = `${REGISTRY}/fairway-test-${randomUUID().slice(0, 8)}`
  const container = await engine.createContainer({ Image: TEST_IMAGE, Labels: { 'fairway.test': 'image' } })
  try {
    await container.commit({ repo: repository, tag: 'v1', changes: [`LABEL of=${repository}`] } as object)
  } finally {
    await container.remove()
  }
  const image = engine.getImage(`${repository}:v1`)
  await finished(
    engine,
    await image.push({ authconfig: { username: '', password: '', serveraddress: REGISTRY } }),
  )
  const reference = (await image.inspect()).RepoDigests[0]!
  await removeImage(engine, `${repository}:v1`)
  return reference
}

async function removeImage(engine: Engine, name: string): Promise<void> {
  await engine.getImage(name).remove({ force: true })
}

describe.skipIf(!dockerHere)('the image of an instance', () => {
  test(
    'is pulled by its digest when it is not here, once for all who wait for it',
    () =>
      withRuntime(async ({ runtime, program, engine }) => {
        const reference = await pushed(engine)
        await expect(engine.getImage(reference).inspect()).rejects.toMatchObject({ statusCode: 404 })
        const artifact = { kind: 'image' as const, reference }
        const ids = ['one', 'two', 'three']
        await Promise.all(
          ids.map((id) => runtime.start(program(id, `console.log('up'); ${FOREVER}`, { artifact }))),
        )
        for (const id of ids) expect(await line(runtime, id)).toBe('up')
        for (const id of ids) {
          await runtime.stop(id, 0)
          await runtime.remove(id)
        }
        await removeImage(engine, reference)
      }),
    60_000,
  )

  test('that is not there, here or in its registry, is told and leaves nothing', () =>
    withRuntime(async ({ runtime, program }) => {
      const refused = (reference: string) =>
        expect(runtime.start(program('one', FOREVER, { artifact: { kind: 'image', reference } }))).rejects
      await refused(`${REGISTRY}/fairway-no-such@${ABSENT}`).toMatchObject({ code: 'image_not_found' })
      await refused(ABSENT).toMatchObject({
        code: 'image_not_found',
        message: expect.stringMatching(/Build the commit again/),
      })
      await refused(`127.0.0.1:1/x@${ABSENT}`).toMatchObject({ code: 'registry_unreachable' })
      expect(await runtime.list()).toEqual([])
    }))

  test('is asked for with its credentials, and a registry that refuses them is told without them', () =>
    withRuntime(async ({ runtime, program }) => {
      const seen: (string | undefined)[] = []
      const registry = createServer((request, response) => {
        seen.push(request.headers.authorization)
        response.writeHead(401, {
          'www-authenticate': 'Basic realm="test"',
          'content-type': 'application/json',
        })
        response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
      })
      await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
      try {
        const { port } = registry.address() as AddressInfo
        const artifact = {
          kind: 'image' as const,
          reference: `127.0.0.1:${port}/app@${ABSENT}`,
          credentials: { username: 'ann', password: 'planted-secret-value' },
        }
        const error = await runtime
          .start(program('one', FOREVER, { artifact }))
          .catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({ code: 'image_denied' })
        expect(`${(error as Error).message} ${(error as { detail: string }).detail}`).not.toContain(
          'planted-secret',
        )
        expect(seen).toContain(`Basic ${Buffer.from('ann:planted-secret-value').toString('base64')}`)
      } finally {
        registry.close()
      }
    }))
})
