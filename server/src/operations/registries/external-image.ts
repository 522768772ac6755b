import { isDeepStrictEqual } from 'node:util'
import { FairwayError, invalid } from '@fairway/contract/errors'
import type { ExternalSource } from '@fairway/contract/resources/deployment'
import { validRange } from 'semver'
import type { Db } from '../../db/db.ts'
import { holdRegistry, requireRegistry } from '../../db/registries.ts'
import { parseImageReference } from '../../lib/image-reference.ts'
import type { Sealer } from '../../lib/seal.ts'
import type { ArtifactChoice } from '../artifact-choice.ts'
import { checkUse, type Login, openLogin } from './credentials.ts'

/** Asks a registry which image a reference points at now; `reference` of the answer names that one for ever. */
export type ResolveImage = (request: {
  reference: string
  credentials?: Login
  signal?: AbortSignal
}) => Promise<{ reference: string; digest: string }>

export type ImageDeps = { db: Db; sealer: Sealer; resolveImage: ResolveImage }

type Use = { projectId: string; external: ExternalSource }

/** The images a transaction may deploy: a registry was asked for them before it began. */
export type KnownImages = readonly (Use & { digest: string })[]

/** A transaction came to an image that no registry was asked for yet. Ends it; `withImages` begins it again. */
class UnknownImage extends Error {
  readonly use: Use
  constructor(use: Use) {
    super(`broken invariant: the image ${use.external.imagePath} was not looked up before the transaction`)
    this.use = use
  }
}

/** The image as something to deploy. Holds its credentials until the transaction ends. */
export async function chooseImage(db: Db, use: Use, images: KnownImages = []): Promise<ArtifactChoice> {
  const { projectId, external } = use
  const known = images.find(
    (image) => image.projectId === projectId && isDeepStrictEqual(image.external, external),
  )
  if (known === undefined) throw new UnknownImage(use)
  if (external.credentials !== undefined) await holdRegistry(db, external.credentials)
  return { kind: 'image', digest: known.digest, source: { external } }
}

/** More than any one change names. */
const MAX_IMAGES = 20

/**
 * Does work that may deploy images. What it comes to is looked up outside of any transaction, and the work, which must
 * be one transaction, is done again with it.
 */
export async function withImages<T>(
  deps: ImageDeps,
  work: (images: KnownImages) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const images: (Use & { digest: string })[] = []
  for (;;) {
    try {
      return await work(images)
    } catch (error) {
      if (!(error instanceof UnknownImage) || images.length === MAX_IMAGES) throw error
      images.push({ ...error.use, digest: await lookUpImage(deps, error.use, signal) })
    }
  }
}

/** The digest reference of an image. Errors: as the registry says, `not_found` and `invalid_request` for credentials. */
export async function lookUpImage(deps: ImageDeps, use: Use, signal?: AbortSignal): Promise<string> {
  const { imagePath: reference, credentials: id, follow } = use.external
  checkFollow(follow)
  const { problem } = parseImageReference(reference)
  if (problem !== undefined) {
    throw new FairwayError('invalid_request', `The image "${reference}" ${problem}.`, {
      problems: [{ field: 'external.imagePath', rule: problem }],
    })
  }
  const credentials = id === undefined ? undefined : await openFor(deps, use, id)
  const found = await deps.resolveImage({
    reference,
    ...(credentials && { credentials }),
    ...(signal && { signal }),
  })
  return found.reference
}

function checkFollow(follow: ExternalSource['follow']): void {
  if (follow?.semver === undefined || validRange(follow.semver) !== null) return
  throw invalid('external.follow.semver', 'must be a range of versions, for instance ^1.2 or >=2.0.0 <3')
}

/** What the registry of an image is asked with. */
export const openImageLogin = async (
  deps: Omit<ImageDeps, 'resolveImage'>,
  use: Use,
): Promise<Login | undefined> =>
  use.external.credentials === undefined ? undefined : openFor(deps, use, use.external.credentials)

async function openFor(
  { db, sealer }: Omit<ImageDeps, 'resolveImage'>,
  use: Use,
  id: string,
): Promise<Login> {
  const row = await requireRegistry(db, id)
  checkUse(row, { projectId: use.projectId, imagePath: use.external.imagePath })
  return openLogin(sealer, row)
}
