import { FairwayError } from '@fairway/contract/errors'
import { z } from 'zod'
import { DEFAULT_REGISTRY, type ImageReference } from '../lib/image-reference.ts'
import type { RegistryCredentials } from '../reconcile/registry-port.ts'
import { type Challenge, parseChallenge } from './challenge.ts'
import { refusalOf, unreachable } from './refusals.ts'

export type SessionRequest = {
  image: ImageReference
  credentials: RegistryCredentials | undefined
  /** Plain HTTP. */
  insecure: boolean
  signal: AbortSignal
}

export type Answer = { body: Buffer; headers: Headers; url: URL }

/** Manifests may be 4 MiB by the standard; a list of tags is no longer. */
const MAX_BYTES = 4 * 1024 * 1024
const tokenSchema = z.object({ token: z.string(), access_token: z.string() }).partial()

/**
 * Asks one repository of one registry. The first refusal is answered with what the registry asks for; later requests
 * carry it from the start. Error texts never hold a credential: they are made of host, repository and status alone.
 */
export class RegistrySession {
  readonly base: URL
  readonly #request: SessionRequest
  #authorization: string | undefined

  constructor(request: SessionRequest) {
    const { registry } = request.image
    const host = registry === DEFAULT_REGISTRY ? 'registry-1.docker.io' : registry
    this.base = new URL(`${request.insecure ? 'http' : 'https'}://${host}/v2/`)
    this.#request = request
  }

  /** The answer of a successful GET. `path` is below the repository, or a whole address of this registry. */
  async get(path: string | URL, accept: string): Promise<Answer> {
    const url = path instanceof URL ? path : new URL(`${this.#request.image.repository}/${path}`, this.base)
    // A link of the registry must not carry the password elsewhere.
    if (url.origin !== this.base.origin) throw this.#unreachable(`a link to ${url.origin}`)
    const first = await this.#fetch(url, { accept })
    const response = first.status === 401 ? await this.#authorized(first, url, { accept }) : first
    if (!response.ok) throw await this.#refusal(response)
    return { body: await this.#bodyOf(response), headers: response.headers, url }
  }

  /** The headers of a successful HEAD. `path` is below the repository. */
  async head(path: string, accept: string): Promise<Headers> {
    const url = new URL(`${this.#request.image.repository}/${path}`, this.base)
    const sent = { accept, method: 'HEAD' } as const
    const first = await this.#fetch(url, sent)
    const response = first.status === 401 ? await this.#authorized(first, url, sent) : first
    if (!response.ok) throw await this.#refusal(response)
    return response.headers
  }

  async #authorized(first: Response, url: URL, sent: Sent): Promise<Response> {
    const challenge = parseChallenge(first.headers.get('www-authenticate'))
    if (challenge === undefined) return first
    const authorization = await this.#answerTo(challenge)
    if (authorization === undefined) return first
    await first.body?.cancel()
    this.#authorization = authorization
    return this.#fetch(url, sent)
  }

  async #answerTo(challenge: Challenge): Promise<string | undefined> {
    const { credentials } = this.#request
    const basic = credentials && `Basic ${base64(`${credentials.username}:${credentials.password}`)}`
    if (challenge.scheme === 'basic') return basic
    const { service, scope = `repository:${this.#request.image.repository}:pull` } = challenge
    const realm = this.#realmOf(challenge.realm)
    if (service !== undefined) realm.searchParams.set('service', service)
    for (const one of scope.split(' ')) realm.searchParams.append('scope', one)
    const response = await this.#fetch(realm, basic === undefined ? {} : { authorization: basic })
    if (!response.ok) throw await this.#refusal(response)
    const { token, access_token: accessToken } = this.#read(tokenSchema, await this.#bodyOf(response))
    const bearer = token ?? accessToken
    if (bearer === undefined) throw this.#unreachable('a token answer without a token')
    return `Bearer ${bearer}`
  }

  #realmOf(text: string): URL {
    const realm = URL.canParse(text, this.base.href) ? new URL(text, this.base) : undefined
    const safe = realm?.protocol === 'https:' || (realm?.protocol === 'http:' && this.#request.insecure)
    if (realm === undefined || !safe) throw this.#unreachable('a token server that is not reached by HTTPS')
    return realm
  }

  async #fetch(url: URL, { accept, method, authorization = this.#authorization }: Sent): Promise<Response> {
    const headers = { ...(accept && { accept }), ...(authorization && { authorization }) }
    try {
      return await fetch(url, { headers, signal: this.#request.signal, ...(method && { method }) })
    } catch (error) {
      throw this.#networkError(error)
    }
  }

  async #bodyOf(response: Response): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    let size = 0
    try {
      for await (const chunk of response.body ?? []) {
        size += chunk.byteLength
        if (size > MAX_BYTES) throw this.#unreachable('an answer of more than 4 MiB')
        chunks.push(chunk)
      }
    } catch (error) {
      throw error instanceof FairwayError ? error : this.#networkError(error)
    }
    return Buffer.concat(chunks)
  }

  /** The parsed JSON of an answer. */
  #read<T>(schema: z.ZodType<T>, body: Buffer): T {
    const parsed = schema.safeParse(jsonOf(body))
    if (parsed.success) return parsed.data
    throw this.#unreachable('an answer that is not what registries send')
  }

  read<T>(schema: z.ZodType<T>, { body }: Answer): T {
    return this.#read(schema, body)
  }

  async #refusal(response: Response): Promise<FairwayError> {
    const { image, credentials } = this.#request
    const body = await this.#bodyOf(response)
    return refusalOf({ image, status: response.status, body, hasCredentials: credentials !== undefined })
  }

  #networkError(error: unknown): unknown {
    const { signal } = this.#request
    const timedOut = signal.aborted && isTimeout(signal.reason)
    // The caller's own abort is no fault of the registry.
    if (signal.aborted && !timedOut) return signal.reason
    return unreachable(this.#request.image, timedOut ? 'it did not answer in time' : reasonOf(error), error)
  }

  #unreachable(reason: string): FairwayError {
    return unreachable(this.#request.image, `it sent ${reason}`)
  }
}

type Sent = { accept?: string; method?: 'HEAD'; authorization?: string | undefined }

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

const isTimeout = (reason: unknown): boolean =>
  reason instanceof DOMException && reason.name === 'TimeoutError'

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    // Not JSON: the schema refuses it.
    return undefined
  }
}

/** `fetch` hides what went wrong one or two causes deep. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const words: Record<string, string> = {
    ENOTFOUND: 'its host name is not known',
    EAI_AGAIN: 'its host name could not be looked up',
    ECONNREFUSED: 'nothing listens there',
    ECONNRESET: 'it cut the connection',
    EHOSTUNREACH: 'there is no way to its host',
    ENETUNREACH: 'there is no way to its network',
    UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return `its TLS certificate is not good (${code})`
  return words[code] ?? (code === '' ? 'the connection failed' : `the connection failed (${code})`)
}
