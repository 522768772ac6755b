/** Where Docker Hub's images are, when no host is written. */
export const DEFAULT_REGISTRY = 'docker.io'

export type ImageReference = {
  /** `host[:port]`; `docker.io` when none is written. */
  registry: string
  /** `library/nginx`, `team/app`. */
  repository: string
  /** `latest` when neither tag nor digest is written. */
  tag?: string
  /** `sha256:…`; wins over a tag. */
  digest?: string
  /** Whether the host was written. */
  hasHost: boolean
}

export type ParsedReference =
  | { image: ImageReference; problem?: undefined }
  | { problem: string; image?: undefined }

const HOST = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:\d{1,5})?$/
const PATH_PART = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const DIGEST = /^sha256:[a-f0-9]{64}$/

/**
 * Reads an image reference as people write it, with Docker's rules for what is left out. `problem` is a rule in words
 * that fits behind a field's name.
 */
export function parseImageReference(text: string): ParsedReference {
  if (text.includes('[')) {
    return { problem: 'may not hold an IPv6 address. Give the registry a host name' }
  }
  const [named = '', digest, ...more] = text.split('@')
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) {
    return { problem: 'must have a digest of the form sha256: and 64 hexadecimal digits behind the @' }
  }
  const { host, rest } = splitHost(named)
  if (host !== undefined && !HOST.test(host)) return { problem: `names no usable registry host: "${host}"` }
  const { path, tag } = splitTag(rest)
  if (tag !== undefined && !TAG.test(tag)) return { problem: `has a tag that cannot be: "${tag}"` }
  const bad = path.split('/').find((part) => !PATH_PART.test(part))
  if (bad !== undefined || path.length > 255) {
    return { problem: 'must be an image reference in small letters, for instance nginx:1.27' }
  }
  return { image: complete({ host, path, tag, digest }) }
}

/** The first part is a host when it looks like one, as Docker has it. */
function splitHost(named: string): { host: string | undefined; rest: string } {
  const slash = named.indexOf('/')
  const first = named.slice(0, Math.max(slash, 0))
  const isHost = slash > 0 && (/[.:A-Z]/.test(first) || first === 'localhost')
  return isHost ? { host: first, rest: named.slice(slash + 1) } : { host: undefined, rest: named }
}

function splitTag(rest: string): { path: string; tag: string | undefined } {
  const colon = rest.lastIndexOf(':')
  return colon < 0
    ? { path: rest, tag: undefined }
    : { path: rest.slice(0, colon), tag: rest.slice(colon + 1) }
}

type Parts = {
  host: string | undefined
  path: string
  tag: string | undefined
  digest: string | undefined
}

function complete({ host, path, tag, digest }: Parts): ImageReference {
  const registry = canonicalHost(host)
  const repository = registry === DEFAULT_REGISTRY && !path.includes('/') ? `library/${path}` : path
  const version = digest !== undefined ? { digest, ...(tag && { tag }) } : { tag: tag ?? 'latest' }
  return { registry, repository, ...version, hasHost: host !== undefined }
}

const HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'])

/** One spelling for a registry: small letters, and one name for Docker Hub. */
export function canonicalHost(host: string | undefined): string {
  const small = host?.toLowerCase()
  return small === undefined || HUB.has(small) ? DEFAULT_REGISTRY : small
}
