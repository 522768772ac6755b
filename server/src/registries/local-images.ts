import { FairwayError } from '@fairway/contract/errors'
import { type Engine, engineStatusOf } from '../lib/docker/engine.ts'
import { parseImageReference } from '../lib/image-reference.ts'
import type { ImageRegistry, ImageRequest, ResolvedImage } from '../reconcile/registry-port.ts'
import { type Platform, requirePlatform } from './platform.ts'

/**
 * For a closed network: an image written without a registry host, such as `node:20-slim`, is the one the engine has
 * when Docker Hub cannot be reached. It is recorded by the engine's own id, so it runs on this engine alone.
 */
export function fallingBackToLocalImages(
  engine: Engine,
  platform: Platform,
  registry: ImageRegistry,
): ImageRegistry {
  return {
    tags: registry.tags,
    peek: registry.peek,
    resolve: async (request) => {
      try {
        return await registry.resolve(request)
      } catch (error) {
        const local = isUnreachable(error) ? await findLocal(engine, platform, request) : undefined
        if (local !== undefined) return local
        throw error
      }
    },
  }
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof FairwayError && error.code === 'registry_unreachable'

async function findLocal(
  engine: Engine,
  platform: Platform,
  { reference }: ImageRequest,
): Promise<ResolvedImage | undefined> {
  if (parseImageReference(reference).image?.hasHost !== false) return undefined
  const found = await inspect(engine, reference)
  if (found === undefined) return undefined
  requirePlatform(reference, platform, [{ os: found.Os, architecture: found.Architecture }])
  return { reference: found.Id, digest: found.Id }
}

async function inspect(engine: Engine, reference: string) {
  try {
    return await engine.getImage(reference).inspect()
  } catch (error) {
    if (engineStatusOf(error) === 404) return undefined
    throw error
  }
}
