import { FairwayError } from '@fairway/contract/errors'
import { type Engine, engineStatusOf } from '../../lib/docker/engine.ts'
import { hasCode } from '../../lib/has-code.ts'
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

export function engineTrouble(error: unknown): unknown {
  if (!hasCode(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EACCES')) return error
  return new FairwayError(
    'runtime_failed',
    'The Docker Engine does not answer. Start it, or check the permissions of its socket.',
    { cause: error },
  )
}
