import { FairwayError } from '@fairway/contract/errors'
import { type Engine, engineStatusOf } from '../../lib/docker/engine.ts'
import { hasCode } from '../../lib/has-code.ts'
import type { RegistryCredentials } from '../../reconcile/registry-port.ts'
import { isMaking, isStagingTag, type KnownImage, planCollection } from './image-names.ts'

export type LocalImage = KnownImage & { sizeBytes: number; labels: Readonly<Record<string, string>> }

/** The image of this id, tag or `repository@digest`, if the engine has it. */
export async function findImage(engine: Engine, name: string): Promise<LocalImage | undefined> {
  try {
    const { Id, RepoTags, RepoDigests, Size, Config } = await engine.getImage(name).inspect()
    return {
      id: Id,
      tags: RepoTags ?? [],
      repositoryDigests: RepoDigests ?? [],
      sizeBytes: Size,
      labels: Config.Labels ?? {},
    }
  } catch (error) {
    if (engineStatusOf(error) === 404) return undefined
    throw engineTrouble(error)
  }
}

export async function tagImage(engine: Engine, name: string, tag: string): Promise<void> {
  const at = tag.lastIndexOf(':')
  await engine.getImage(name).tag({ repo: tag.slice(0, at), tag: tag.slice(at + 1) })
}

/** Takes a tag away, and the image with its last one. False: a container uses it. */
export async function untagImage(engine: Engine, tag: string): Promise<boolean> {
  try {
    await engine.getImage(tag).remove({ force: false })
    return true
  } catch (error) {
    if (engineStatusOf(error) === 404) return true
    if (engineStatusOf(error) === 409) return false
    throw error
  }
}

export type CollectRequest = { namespace: string; keep: ReadonlySet<string>; making: ReadonlySet<string> }

/** Removes images of the namespace that nothing needs; answers them, and what is left. */
export async function collectImages(
  engine: Engine,
  request: CollectRequest,
): Promise<{ removed: KnownImage[]; left: KnownImage[] }> {
  const used = new Set((await engine.listContainers({ all: true })).map(({ ImageID }) => ImageID))
  const images = (await engine.listImages()).map(
    ({ Id, RepoTags, RepoDigests }): KnownImage => ({
      id: Id,
      tags: (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
      repositoryDigests: (RepoDigests ?? []).filter((digest) => digest !== '<none>@<none>'),
    }),
  )
  const removed: KnownImage[] = []
  for (const image of planCollection(images, { ...request, used })) {
    if (await removeImage(engine, image, request.namespace)) removed.push(image)
  }
  const left = images.filter((image) => !removed.includes(image))
  await dropStagingTags(engine, left, request)
  return { removed, left }
}

/** A killed server leaves its staging tag on an image that is kept under another. */
async function dropStagingTags(
  engine: Engine,
  images: readonly KnownImage[],
  { namespace, making }: CollectRequest,
): Promise<void> {
  const isLeft = (tag: string): boolean => isStagingTag(namespace, tag) && !isMaking(making, tag)
  for (const { tags } of images) {
    if (tags.some((tag) => tag.startsWith(namespace) && !isStagingTag(namespace, tag)))
      for (const tag of tags.filter(isLeft)) await untagImage(engine, tag)
  }
}

/** The tag by which the image is known to be ours goes last: if a container took the image meanwhile, the next try finds it. */
async function removeImage(engine: Engine, { tags, repositoryDigests }: KnownImage, namespace: string) {
  const isOurs = (tag: string): boolean => tag.startsWith(namespace)
  const names = [...repositoryDigests, ...tags.filter((tag) => !isOurs(tag)), ...tags.filter(isOurs)]
  for (const name of names) if (!(await untagImage(engine, name))) return false
  return true
}

export type Push = {
  repository: string
  tag: string
  credentials: RegistryCredentials | undefined
  log: (line: string) => void
  signal: AbortSignal
}

/** Pushes a tagged image; answers the digest of its manifest. */
export async function pushImage(engine: Engine, push: Push): Promise<string> {
  const { repository, tag, credentials, log, signal } = push
  const stream = await engine.getImage(`${repository}:${tag}`).push({
    tag,
    abortSignal: signal,
    // Without credentials the engine still wants the header.
    authconfig: credentials ?? {},
  })
  let digest: string | undefined
  const follow = (event: PushEvent): void => {
    digest = event.aux?.Digest ?? digest
    if (event.status !== undefined && /^(?:Pushed|Layer already exists|The push refers)/.test(event.status))
      log(event.id === undefined ? event.status : `${event.id}: ${event.status}`)
  }
  try {
    await new Promise<void>((resolve, reject) => {
      engine.modem.followProgress(stream, (error) => (error === null ? resolve() : reject(error)), follow)
    })
  } catch (error) {
    signal.throwIfAborted()
    throw pushTrouble(error, repository)
  }
  signal.throwIfAborted()
  if (digest === undefined) throw pushTrouble(new Error('the registry named no digest'), repository)
  return digest
}

type PushEvent = { status?: string; id?: string; aux?: { Digest?: string } }

function pushTrouble(cause: unknown, repository: string): FairwayError {
  const said = cause instanceof Error ? cause.message : String(cause)
  if (/denied|unauthorized|no basic auth|authentication required/i.test(said)) {
    return new FairwayError(
      'image_denied',
      `The registry does not let Fairway push to ${repository}. Check the credentials of the registry.`,
      { cause, detail: said },
    )
  }
  return new FairwayError(
    'registry_unreachable',
    `The image could not be pushed to ${repository}: ${said}. Check that the registry is up, and build again.`,
    { cause },
  )
}

export function engineTrouble(error: unknown): unknown {
  if (!hasCode(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EACCES')) return error
  return new FairwayError(
    'runtime_failed',
    'The Docker Engine does not answer. Start it, or check the permissions of its socket.',
    { cause: error },
  )
}
