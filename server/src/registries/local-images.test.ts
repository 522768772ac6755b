import { FairwayError } from '@fairway/contract/errors'
import { describe, expect, test } from 'vitest'
import { connectEngine } from '../lib/docker/engine.ts'
import { DEFAULT_ENGINE_SOCKET } from '../lib/docker/engine-socket.ts'
import { dockerHere } from '../lib/docker/test-engine.ts'
import type { ImageRegistry } from '../reconcile/registry-port.ts'
import { fallingBackToLocalImages } from './local-images.ts'
import { hostPlatform } from './platform.ts'

const LOCAL = 'node:20-slim'

/** A registry that fails with this code, and counts how often it was asked. */
function failing(code: 'registry_unreachable' | 'image_not_found') {
  const asked: string[] = []
  const fail = async ({ reference }: { reference: string }): Promise<never> => {
    asked.push(reference)
    throw new FairwayError(code, 'as the test says')
  }
  return { asked, registry: { resolve: fail, peek: fail, tags: fail } satisfies ImageRegistry }
}

describe.skipIf(!dockerHere)('images of the engine', () => {
  const engine = connectEngine(DEFAULT_ENGINE_SOCKET)
  const wrap = (registry: ImageRegistry, platform = hostPlatform()) =>
    fallingBackToLocalImages(engine, platform, registry)

  test('an image without a host is the local one when Docker Hub cannot be reached, by its id', async () => {
    const { asked, registry } = failing('registry_unreachable')
    const { Id } = await engine.getImage(LOCAL).inspect()
    expect(await wrap(registry).resolve({ reference: LOCAL })).toEqual({ reference: Id, digest: Id })
    expect(asked).toEqual([LOCAL])
  })

  test('a local image never stands in for one that Docker Hub does not have', async () => {
    const { registry } = failing('image_not_found')
    await expect(wrap(registry).resolve({ reference: LOCAL })).rejects.toMatchObject({
      code: 'image_not_found',
    })
  })

  test('a reference with a host is never answered by the engine', async () => {
    const { registry } = failing('registry_unreachable')
    const resolving = wrap(registry).resolve({ reference: `docker.io/library/${LOCAL}` })
    await expect(resolving).rejects.toMatchObject({ code: 'registry_unreachable' })
  })

  test('what the engine does not have stays unreachable', async () => {
    const { registry } = failing('registry_unreachable')
    const resolving = wrap(registry).resolve({ reference: 'fairway-has-no-such-image:1' })
    await expect(resolving).rejects.toMatchObject({ code: 'registry_unreachable' })
  })

  test('a local image for another platform is refused', async () => {
    const { registry } = failing('registry_unreachable')
    const other = { os: 'linux', architecture: 'riscv128' }
    const resolving = wrap(registry, other).resolve({ reference: LOCAL })
    await expect(resolving).rejects.toMatchObject({ code: 'image_platform' })
  })
})
