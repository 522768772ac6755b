import type { BuildRequest } from '../../reconcile/builder-port.ts'

export type RegistryPlace = {
  /** `registry.example.com` or `127.0.0.1:5000`. */
  host: string
  /** The registry speaks plain HTTP. One on this machine always does. */
  insecure?: boolean
  /** Path below which this installation's repository lies; empty for none. */
  prefix: string
}

/** Their own names, because containers inherit the labels of their image. None holds a secret. */
export const LABELS = {
  installation: 'fairway.build.installation',
  project: 'fairway.build.project',
  owner: 'fairway.build.owner',
  commit: 'fairway.build.commit',
} as const

type Built = Pick<BuildRequest, 'owner'> & { sha: string; imageId: string }

/** Every image of an installation has a tag below this; images without one are never touched. */
export const localNamespace = (installation: string): string => `fairway/${component(installation)}/`

/** The tag of an image while it is being made. */
export const stagingTag = (installation: string, id: string): string =>
  `${localNamespace(installation)}building:${id}`

/** Holds an image while another is made of it that takes over its staging tag. */
export const beforeTag = (tag: string): string => `${tag}-before`

/** Whether an image of this tag is being made. */
export const isMaking = (making: ReadonlySet<string>, tag: string): boolean =>
  making.has(tag.replace(/-before$/, ''))

export const isStagingTag = (namespace: string, tag: string): boolean =>
  tag.startsWith(`${namespace}building:`)

/** Names one image for ever: the tag holds the image's id, so that it never moves to another image. */
export const localTag = (installation: string, { owner, sha, imageId }: Built): string =>
  `${localNamespace(installation)}${component(owner.projectId)}/${component(owner.ownerId)}:${tagOf(sha, imageId)}`

/** All images of an installation lie in one repository: a digest alone is then enough to find one. */
export const registryRepository = ({ host, prefix }: RegistryPlace, installation: string): string =>
  [host, ...prefix.split('/').filter((part) => part !== ''), component(installation)].join('/')

/** At most 128 characters, as the protocol allows. */
export const registryTag = ({ owner, sha, imageId }: Built): string =>
  `${`${component(owner.projectId)}.${component(owner.ownerId)}`.slice(0, 100)}.${tagOf(sha, imageId)}`

/** As the engine lists it: without the host that is meant when none is written. */
export const familiarName = (name: string): string => name.replace(/^docker\.io\//, '')

const tagOf = (sha: string, imageId: string): string =>
  `${sha.slice(0, 12)}-${imageId.replace(/^sha256:/, '').slice(0, 12)}`

/** A part of a repository's name: lower case, and neither its first nor its last character is a separator. */
export const component = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'unnamed'

export const labelsOf = (
  installation: string,
  { owner, sha }: Omit<Built, 'imageId'>,
): Record<string, string> => ({
  [LABELS.installation]: installation,
  [LABELS.project]: owner.projectId,
  [LABELS.owner]: owner.ownerId,
  [LABELS.commit]: sha,
})

export type KnownImage = { id: string; tags: readonly string[]; repositoryDigests: readonly string[] }

/** The digests by which an image may have been recorded: its id, and its manifest's in the registry. */
export const digestsOf = ({ id, repositoryDigests }: KnownImage): string[] => [
  id,
  ...repositoryDigests.map((reference) => reference.slice(reference.indexOf('@') + 1)),
]

export type Collecting = {
  namespace: string
  keep: ReadonlySet<string>
  /** Ids of images that containers use, running or not. */
  used: ReadonlySet<string>
  /** Tags of images that are being made. */
  making: ReadonlySet<string>
}

/** The images of an installation that may go, of all images of the engine. Pure. */
export function planCollection(
  images: readonly KnownImage[],
  { namespace, keep, used, making }: Collecting,
): KnownImage[] {
  return images.filter(
    (image) =>
      image.tags.some((tag) => tag.startsWith(namespace)) &&
      !image.tags.some((tag) => isMaking(making, tag)) &&
      !used.has(image.id) &&
      !digestsOf(image).some((digest) => keep.has(digest)),
  )
}
