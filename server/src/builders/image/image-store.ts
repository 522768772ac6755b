import type { CrashPoints } from '../../lib/crash-point.ts'
import type { Engine } from '../../lib/docker/engine.ts'
import type { BuildRequest } from '../../reconcile/builder-port.ts'
import type { RegistryCredentials } from '../../reconcile/registry-port.ts'
import type { ArtifactRef } from '../../reconcile/runtime-port.ts'
import {
  familiarName,
  localNamespace,
  localTag,
  type RegistryPlace,
  registryRepository,
  registryTag,
} from './image-names.ts'
import { collectImages, findImage, tagImage } from './local-images.ts'
import { pushImage } from './push-image.ts'
import { openRegistryRepository, type RegistryClient } from './registry-client.ts'

export type StoreRegistry = RegistryPlace & { credentials?: RegistryCredentials }

export type StoreOptions = {
  installation: string
  registry?: StoreRegistry
  /** Of a whole build, its push included. */
  timeoutSeconds: number
  crash: CrashPoints
}

type Keeping = Pick<BuildRequest, 'owner' | 'log' | 'signal'> & { sha: string }

/** Where finished images lie: on the engine, and in the registry when there is one. */
export type ImageStore = {
  /** Names and pushes an image; answers the digest by which it is found again. */
  keep(imageId: string, keeping: Keeping): Promise<string>
  locate(digest: string): Promise<ArtifactRef | undefined>
  /** `making`: tags of images that are being made. */
  collect(keep: ReadonlySet<string>, making: ReadonlySet<string>): Promise<string[]>
}

const LONGEST_QUIET_MS = 5 * 60_000

/** Well before the build's own deadline, which could not say why. A registry may take minutes to store a large layer. */
const quietMsOf = ({ timeoutSeconds }: StoreOptions): number =>
  Math.min(LONGEST_QUIET_MS, (timeoutSeconds * 1000) / 2)

type Place = StoreRegistry & { repository: string; client: RegistryClient }
type Store = { engine: Engine; options: StoreOptions; place: Place | undefined }

export function openImageStore(engine: Engine, options: StoreOptions): ImageStore {
  const store = {
    engine,
    options,
    place: options.registry && placeOf(options.registry, options.installation),
  }
  return {
    keep: (imageId, keeping) => keepImage(store, imageId, keeping),
    locate: (digest) => locate(store, digest),
    collect: (keep, making) => collect(store, keep, making),
  }
}

function placeOf(registry: StoreRegistry, installation: string): Place {
  const repository = registryRepository(registry, installation)
  const { credentials, insecure } = registry
  return { ...registry, repository, client: openRegistryRepository({ repository, credentials, insecure }) }
}

async function keepImage(
  { engine, options, place }: Store,
  imageId: string,
  { owner, sha, log, signal }: Keeping,
): Promise<string> {
  const built = { owner, sha, imageId }
  await tagImage(engine, imageId, localTag(options.installation, built))
  options.crash.hit('build.after-tag')
  if (place === undefined) return imageId
  const { repository, credentials } = place
  const tag = registryTag(built)
  await tagImage(engine, imageId, `${repository}:${tag}`)
  log(`Pushing to ${repository}:${tag}`)
  const digest = await pushImage(engine, {
    ...{ repository, tag, credentials, log, signal },
    quietMs: quietMsOf(options),
  })
  options.crash.hit('build.after-push')
  return digest
}

/** On the engine first, so that a registry that is down stops nothing that is here. */
async function locate({ engine, place }: Store, digest: string): Promise<ArtifactRef | undefined> {
  if (place !== undefined) {
    const found = { kind: 'image', reference: `${place.repository}@${digest}` } as const
    const located: ArtifactRef =
      place.credentials === undefined ? found : { ...found, credentials: place.credentials }
    if ((await findImage(engine, located.reference)) !== undefined) return located
    // Recorded before there was a registry.
    if ((await findImage(engine, digest)) !== undefined) return { kind: 'image', reference: digest }
    return (await place.client.digestOf(digest)) === undefined ? undefined : located
  }
  const image = await findImage(engine, digest)
  return image && { kind: 'image', reference: image.id }
}

async function collect(
  { engine, options, place }: Store,
  keep: ReadonlySet<string>,
  making: ReadonlySet<string>,
): Promise<string[]> {
  const namespace = localNamespace(options.installation)
  const { removed, left } = await collectImages(engine, { namespace, keep, making })
  const gone = removed.map(({ id }) => id)
  if (place === undefined) return gone
  const stays = new Set([
    ...keep,
    ...left.flatMap(({ repositoryDigests }) => repositoryDigests.map(digestOf)),
  ])
  const busy = new Set(left.flatMap(({ tags }) => tags))
  return [...gone, ...(await collectRegistry(place, { stays, busy }))]
}

const digestOf = (reference: string): string => reference.slice(reference.indexOf('@') + 1)

/** Everything in the repository is this installation's. What the engine still has for a container or a build stays. */
async function collectRegistry(
  { client, repository }: Place,
  { stays, busy }: { stays: ReadonlySet<string>; busy: ReadonlySet<string> },
): Promise<string[]> {
  const tags = (await client.tags()).filter((tag) => !busy.has(familiarName(`${repository}:${tag}`)))
  const gone: string[] = []
  for (const digest of await digestsOfTags(client, tags)) {
    if (stays.has(digest)) continue
    // Registries may forbid it: their owner cleans up then.
    if (!(await client.remove(digest))) break
    gone.push(digest)
  }
  return gone
}

const AT_ONCE = 8

async function digestsOfTags(client: RegistryClient, tags: readonly string[]): Promise<Set<string>> {
  const digests = new Set<string>()
  for (let at = 0; at < tags.length; at += AT_ONCE) {
    const found = await Promise.all(tags.slice(at, at + AT_ONCE).map((tag) => client.digestOf(tag)))
    for (const digest of found) if (digest !== undefined) digests.add(digest)
  }
  return digests
}
