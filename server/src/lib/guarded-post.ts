import { lookup as dnsLookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { FairwayError } from '@fairway/contract/errors'
import { isPrivateAddress } from './private-address.ts'

export type GuardedPost = {
  url: string
  headers: Record<string, string>
  body: string
  /** Addresses of this machine and of private networks are refused otherwise. */
  allowPrivate: boolean
  signal: AbortSignal
}

/** `text` is the beginning of the answer. */
export type PostAnswer = { status: number; text: string }

const TIMEOUT_MS = 10_000
const TEXT_BYTES = 2_000

/**
 * Posts once, following no redirect. The address that was checked is the one that is connected to. Throws `forbidden`
 * for an address that may not be reached and `timed_out` for one that cannot be.
 */
export async function guardedPost(post: GuardedPost): Promise<PostAnswer> {
  const url = new URL(post.url)
  const address = await allowedAddress(url, post.allowPrivate)
  const signal = AbortSignal.any([post.signal, AbortSignal.timeout(TIMEOUT_MS)])
  return send({ url, address, post, signal })
}

type Address = { address: string; family: number }

async function allowedAddress(url: URL, allowPrivate: boolean): Promise<Address> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  const addresses = family === 0 ? await resolved(host) : [{ address: host, family }]
  const [first] = addresses
  if (first === undefined) throw unreachable(host)
  if (!allowPrivate && addresses.some(({ address }) => isPrivateAddress(address))) {
    throw new FairwayError(
      'forbidden',
      `"${host}" is an address of this network, which messages may not be sent to. FAIRWAY_ALLOW_PRIVATE_WEBHOOKS allows it.`,
    )
  }
  return first
}

async function resolved(host: string): Promise<Address[]> {
  try {
    return await dnsLookup(host, { all: true })
  } catch (error) {
    throw unreachable(host, error)
  }
}

const unreachable = (host: string, cause?: unknown): FairwayError =>
  new FairwayError('timed_out', `The webhook's host "${host}" cannot be reached.`, { cause })

type Sending = { url: URL; address: Address; post: GuardedPost; signal: AbortSignal }

function send({ url, address, post, signal }: Sending): Promise<PostAnswer> {
  const body = Buffer.from(post.body)
  const options: RequestOptions = {
    method: 'POST',
    signal,
    lookup: (_host, { all }, done) => {
      const found = done as (error: null, address: string | Address[], family?: number) => void
      if (all) found(null, [address])
      else found(null, address.address, address.family)
    },
    headers: { 'content-length': body.length, 'user-agent': 'Fairway', ...post.headers },
  }
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(unreachable(url.hostname, error))
    const request = open(url, options, (response) => {
      beginningOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), fail)
    })
    request.once('error', fail)
    request.end(body)
  })
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let kept = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (kept >= TEXT_BYTES) continue
    chunks.push(chunk)
    kept += chunk.length
  }
  return Buffer.concat(chunks).subarray(0, TEXT_BYTES).toString('utf8')
}
