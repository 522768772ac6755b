import { FairwayError } from '@fairway/contract/errors'
import type { RegistryCredentials } from '../../reconcile/registry-port.ts'

export type RegistryClientOptions = {
  /** `host/path`. */
  repository: string
  credentials?: RegistryCredentials | undefined
  /** Plain HTTP. */
  insecure?: boolean | undefined
}

/** One repository of a registry that speaks the OCI distribution protocol. */
export type RegistryClient = {
  /** The digest of a manifest by tag or digest; undefined when the registry does not have it. */
  digestOf(reference: string): Promise<string | undefined>
  tags(): Promise<string[]>
  /** False: the registry does not allow it. */
  remove(digest: string): Promise<boolean>
}

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')
const TIMEOUT_MS = 15_000

/** Failures are `registry_unreachable` and `image_denied`. */
export function openRegistryRepository(options: RegistryClientOptions): RegistryClient {
  const slash = options.repository.indexOf('/')
  const origin = originOf(options.repository.slice(0, slash), options.insecure ?? false)
  const path = options.repository.slice(slash + 1)
  const ask = (method: string, what: string): Promise<Response> =>
    askRegistry(options, { method, url: new URL(`/v2/${path}/${what}`, origin), path })
  return {
    digestOf: async (reference) => {
      const response = await ask('HEAD', `manifests/${reference}`)
      if (response.status === 404) return undefined
      return accepted(response, options).headers.get('docker-content-digest') ?? undefined
    },
    tags: () => listTags(options, ask),
    remove: async (digest) => {
      const response = await ask('DELETE', `manifests/${digest}`)
      if (response.status === 404) return true
      if ([401, 403, 405, 501].includes(response.status)) return false
      accepted(response, options)
      return true
    },
  }
}

type Ask = (method: string, what: string) => Promise<Response>

async function listTags(options: RegistryClientOptions, ask: Ask): Promise<string[]> {
  const all: string[] = []
  let next: string | undefined = 'tags/list?n=500'
  while (next !== undefined) {
    const response = await ask('GET', next)
    if (response.status === 404) return all
    const { tags } = (await accepted(response, options).json()) as { tags?: string[] | null }
    all.push(...(tags ?? []))
    const query = /<[^>]*[?]([^>]*)>\s*;\s*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1]
    next = query === undefined ? undefined : `tags/list?${query}`
  }
  return all
}

/** As the engine does: plain HTTP for a registry on this machine, and another host for Docker Hub. */
function originOf(host: string, insecure: boolean): string {
  const isPlain = insecure || /^(?:localhost|127(?:\.\d+){3})(?::\d+)?$/.test(host)
  return `${isPlain ? 'http' : 'https'}://${host === 'docker.io' ? 'registry-1.docker.io' : host}`
}

type Question = { method: string; url: URL; path: string }

async function askRegistry(options: RegistryClientOptions, question: Question): Promise<Response> {
  const first = await send(options, question, basic(options.credentials))
  const challenge = /^Bearer (.*)$/i.exec(first.headers.get('www-authenticate') ?? '')?.[1]
  if (first.status !== 401 || challenge === undefined) return first
  const token = await fetchToken(options, challenge, question)
  return token === undefined ? first : send(options, question, `Bearer ${token}`)
}

const basic = (credentials: RegistryCredentials | undefined): string | undefined =>
  credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`

async function fetchToken(
  options: RegistryClientOptions,
  challenge: string,
  { method, path }: Question,
): Promise<string | undefined> {
  const parts = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
  const realm = parts.get('realm')
  if (realm === undefined) return undefined
  const url = new URL(realm)
  url.searchParams.set('service', parts.get('service') ?? '')
  url.searchParams.set('scope', `repository:${path}:${method === 'DELETE' ? 'pull,delete' : 'pull'}`)
  const response = await send(options, { method: 'GET', url, path }, basic(options.credentials))
  if (!response.ok) return undefined
  const { token, access_token } = (await response.json()) as { token?: string; access_token?: string }
  return token ?? access_token
}

async function send(
  { repository }: RegistryClientOptions,
  { method, url }: Question,
  authorization: string | undefined,
): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: { accept: MANIFESTS, ...(authorization !== undefined && { authorization }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (cause) {
    throw new FairwayError(
      'registry_unreachable',
      `The registry of ${repository} does not answer. Check that it is up and reachable.`,
      { cause },
    )
  }
}

function accepted(response: Response, { repository }: RegistryClientOptions): Response {
  if (response.ok) return response
  if (response.status === 401 || response.status === 403) {
    throw new FairwayError(
      'image_denied',
      `The registry refuses access to ${repository}. Check the credentials of the registry.`,
    )
  }
  throw new FairwayError(
    'registry_unreachable',
    `The registry of ${repository} answered with status ${response.status}. Try again when it is well.`,
  )
}
