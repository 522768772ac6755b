import { FairwayError } from '@fairway/contract/errors'
import type { ExternalSource } from '@fairway/contract/resources/deployment'
import type { Db } from '../db/db.ts'
import type { ImageFollowRow } from '../db/image-follows.ts'
import { parseImageReference } from '../lib/image-reference.ts'
import type { Sealer } from '../lib/seal.ts'
import { openImageLogin } from '../operations/registries/external-image.ts'
import { chooseTag } from '../triggers/choose-tag.ts'
import type { ImageRegistry, ImageRequest } from './registry-port.ts'

export type LookDeps = { db: Db; sealer: Sealer; images: ImageRegistry }

export type ImageLook =
  | { is: 'found'; tag: string; imagePath: string; digest: string }
  | { is: 'error'; sentence: string }

export type LookAt = {
  projectId: string
  external: ExternalSource
  known: ImageFollowRow | undefined
  signal: AbortSignal
}

/** What a follower's tag or range points at now, asked of its registry. */
export async function lookAtImage(deps: LookDeps, request: LookAt): Promise<ImageLook> {
  try {
    return await look(deps, request)
  } catch (error) {
    if (!(error instanceof FairwayError) || request.signal.aborted) throw error
    return { is: 'error', sentence: error.message }
  }
}

async function look(deps: LookDeps, { projectId, external, known, signal }: LookAt): Promise<ImageLook> {
  const { follow } = external
  const credentials = await openImageLogin(deps, { projectId, external })
  const repository = repositoryOf(external.imagePath)
  const asked = (reference: string): ImageRequest => ({
    reference,
    signal,
    ...(credentials && { credentials }),
  })
  const tag =
    follow?.semver === undefined
      ? follow?.tag
      : chooseTag(await deps.images.tags(asked(repository)), follow.semver)
  if (tag === undefined)
    return { is: 'error', sentence: `No tag of ${repository} is a version within ${follow?.semver ?? ''}.` }
  const imagePath = `${repository}:${tag}`
  const digest = await digestOf(deps.images, asked(imagePath), known?.tag === tag ? known.digest : null)
  return { is: 'found', tag, imagePath, digest }
}

/** Reads the image only when it is another than the one that is known. */
async function digestOf(images: ImageRegistry, request: ImageRequest, known: string | null): Promise<string> {
  if (known !== null) {
    const now = await images.peek(request)
    if (now !== undefined && known.endsWith(`@${now}`)) return known
  }
  return (await images.resolve(request)).reference
}

/** Without tag and digest, and with a host only where one is written: without it, the engine's own images count too. */
function repositoryOf(imagePath: string): string {
  const { image } = parseImageReference(imagePath)
  if (image === undefined) throw new FairwayError('invalid_request', `"${imagePath}" names no image.`)
  return image.hasHost ? `${image.registry}/${image.repository}` : image.repository
}
