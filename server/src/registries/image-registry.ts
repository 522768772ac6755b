/**
 * Registries of the OCI distribution protocol: what a reference points at now, and which tags there are. Nothing is
 * kept between two questions, and every question ends within a time limit.
 */
import { createHash } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import { z } from 'zod'
import { type ImageReference, parseImageReference } from '../lib/image-reference.ts'
import type { ImageRegistry, ImageRequest, ResolvedImage } from '../reconcile/registry-port.ts'
import { imageConfigSchema, indexSchema, type Platform, requirePlatform } from './platform.ts'
import { nameOf, unreachable } from './refusals.ts'
import { type Answer, RegistrySession } from './registry-session.ts'

export type ImageRegistryOptions = {
  /** What images have to be made for. */
  platform: Platform
  /** `host[:port]` of registries without TLS, besides those on this host. */
  insecureHosts?: readonly string[]
  /** For a whole question. */
  timeoutMs?: number
}

/** A client of every registry; errors as the port says. */
export function createImageRegistry(options: ImageRegistryOptions): ImageRegistry {
  return {
    resolve: (request) => resolve(request, options),
    peek: (request) => peek(request, options),
    tags: (request) => listTags(request, options),
  }
}

const MEDIA = {
  index: [
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
  ],
  manifest: [
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
  ],
  config: ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json'],
}

async function resolve(request: ImageRequest, options: ImageRegistryOptions): Promise<ResolvedImage> {
  const { image, session } = open(request, options)
  const version = image.digest ?? image.tag ?? 'latest'
  const answer = await session.get(`manifests/${version}`, [...MEDIA.index, ...MEDIA.manifest].join(', '))
  const digest = `sha256:${createHash('sha256').update(answer.body).digest('hex')}`
  if (image.digest !== undefined && image.digest !== digest) {
    throw unreachable(image, 'it sent something else than the digest names')
  }
  requirePlatform(nameOf(image), options.platform, await platformsOf(session, image, answer))
  return { reference: `${image.registry}/${image.repository}@${digest}`, digest }
}

const DIGEST = /^sha256:[a-f0-9]{64}$/

async function peek(request: ImageRequest, options: ImageRegistryOptions): Promise<string | undefined> {
  const { image, session } = open(request, options)
  const accept = [...MEDIA.index, ...MEDIA.manifest].join(', ')
  const headers = await session.head(`manifests/${image.digest ?? image.tag ?? 'latest'}`, accept)
  const digest = headers.get('docker-content-digest')
  return digest !== null && DIGEST.test(digest) ? digest : undefined
}

const manifestSchema = z.object({
  mediaType: z.string().optional(),
  manifests: z.unknown().optional(),
  config: z.object({ mediaType: z.string(), digest: z.string() }).optional(),
})

/** Undefined stands for a platform that is not said. */
async function platformsOf(
  session: RegistrySession,
  image: ImageReference,
  answer: Answer,
): Promise<(Platform | undefined)[]> {
  const manifest = session.read(manifestSchema, answer)
  if (manifest.manifests !== undefined) {
    return session.read(indexSchema, answer).manifests.map(({ platform }) => platform)
  }
  const { config } = manifest
  if (config === undefined || !MEDIA.config.includes(config.mediaType)) throw notAnImage(image)
  const found = await session.get(`blobs/${config.digest}`, MEDIA.config.join(', '))
  return [session.read(imageConfigSchema, found)]
}

const notAnImage = (image: ImageReference): FairwayError =>
  new FairwayError(
    'image_platform',
    `${nameOf(image)} is no container image that an engine can run. Push an image in the OCI or Docker v2 format.`,
  )

const tagsSchema = z.object({ tags: z.array(z.string()).nullish() })
const TAGS_A_PAGE = 1000
const MAX_PAGES = 100

async function listTags(request: ImageRequest, options: ImageRegistryOptions): Promise<string[]> {
  const { session } = open(request, options)
  const tags: string[] = []
  let next: string | URL | undefined = `tags/list?n=${TAGS_A_PAGE}`
  for (let page = 0; next !== undefined && page < MAX_PAGES; page++) {
    const answer: Answer = await session.get(next, 'application/json')
    tags.push(...(session.read(tagsSchema, answer).tags ?? []))
    next = nextOf(answer)
  }
  return tags
}

function nextOf({ headers, url }: Answer): URL | undefined {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/i.exec(headers.get('link') ?? '')?.[1]
  return link !== undefined && URL.canParse(link, url.href) ? new URL(link, url) : undefined
}

function open(
  { reference, credentials, signal }: ImageRequest,
  { insecureHosts = [], timeoutMs = 15_000 }: ImageRegistryOptions,
): { image: ImageReference; session: RegistrySession } {
  const { image, problem } = parseImageReference(reference)
  if (image === undefined) {
    throw new FairwayError('invalid_request', `The image "${reference}" ${problem}.`, {
      problems: [{ field: 'imagePath', rule: problem }],
    })
  }
  const deadline = AbortSignal.timeout(timeoutMs)
  const session = new RegistrySession({
    image,
    credentials,
    insecure: isLoopback(image.registry) || insecureHosts.includes(image.registry),
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  })
  return { image, session }
}

/** Registries of this host speak plain HTTP, as engines have it. */
const isLoopback = (registry: string): boolean => /^(localhost|127(\.\d{1,3}){3})(:\d+)?$/.test(registry)
