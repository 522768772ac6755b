import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import { FairwayError } from '@fairway/contract/errors'

/** One request of the client library, and what it wants back. */
export type AcmeRequest = {
  url?: string
  method?: string
  data?: unknown
  headers: Record<string, unknown>
}
export type AcmeResponse = {
  data: string
  status: number
  statusText: string
  headers: Record<string, string>
}

const TIMEOUT_MS = 20_000
const MOST_BYTES = 1024 * 1024

/**
 * Speaks HTTP for the client library, which itself loses what an authority says of a refusal, takes a lost connection for
 * a mistake of its own, and waits as long as it is told to. `ca`: PEM of an authority to trust besides the known ones.
 */
export function createAcmeHttp(ca: string | undefined): (request: AcmeRequest) => Promise<AcmeResponse> {
  return async (request) => {
    const response = await send(request, ca).catch((cause: unknown) => {
      throw unreachable(request.url ?? '', cause)
    })
    if (response.status >= 400) refuse(response)
    return response
  }
}

function send({ url = '', method, data, headers }: AcmeRequest, ca: string | undefined) {
  const target = new URL(url)
  const secure = target.protocol === 'https:'
  return new Promise<AcmeResponse>((resolve, reject) => {
    const options = {
      method: method?.toUpperCase() ?? 'GET',
      headers: plain(headers),
      timeout: TIMEOUT_MS,
      ...(secure && ca !== undefined && { ca: [...rootCertificates, ca] }),
    }
    const sent = (secure ? requestHttps : requestHttp)(target, options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > MOST_BYTES) response.destroy(new Error('the answer is too long'))
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          data: text,
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? '',
          headers: plain(response.headers),
        }),
      )
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} seconds`)))
    sent.on('error', reject)
    sent.end(typeof data === 'string' ? data : undefined)
  })
}

const plain = (headers: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => value !== undefined && value !== null && typeof value !== 'function')
      .map(([name, value]) => [name.toLowerCase(), String(value)]),
  )

function unreachable(url: string, cause: unknown): FairwayError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new FairwayError(
    'certificate_failed',
    `The certificate authority at ${hostOf(url)} cannot be reached: ${why}. Check FAIRWAY_ACME_DIRECTORY, FAIRWAY_ACME_CA_FILE and the network.`,
    { cause, data: { problem: 'unreachable' } },
  )
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url)

const PROBLEM = 'urn:ietf:params:acme:error:'

/** The library itself asks again with a fresh nonce. */
function refuse({ data, status, headers }: AcmeResponse): void {
  const { type, detail } = problemOf(data)
  if (type === 'badNonce') return
  const said = detail === undefined ? `status ${status}` : detail.replace(/[.\s]+$/, '')
  throw new FairwayError('certificate_failed', `The certificate authority refused: ${said}.`, {
    detail: `${status} ${type ?? ''}`,
    data: { problem: type ?? String(status), ...retryAfter(headers['retry-after']) },
  })
}

function problemOf(text: string): { type?: string; detail?: string } {
  try {
    const value = JSON.parse(text) as { type?: unknown; detail?: unknown }
    return {
      ...(typeof value.type === 'string' && { type: value.type.replace(PROBLEM, '') }),
      ...(typeof value.detail === 'string' && { detail: value.detail.slice(0, 1000) }),
    }
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

/** Seconds, or a date. */
function retryAfter(header: string | undefined): { retryAfterMs?: number } {
  if (header === undefined) return {}
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : new Date(header).getTime() - Date.now()
  return Number.isFinite(ms) && ms > 0 ? { retryAfterMs: ms } : {}
}
