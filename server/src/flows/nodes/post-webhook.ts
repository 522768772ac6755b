import { lookup as dnsLookup } from 'node:dns/promises'
import { type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { FairwayError } from '@fairway/contract/errors'
import { isPrivateAddress } from '../../lib/private-address.ts'

export type Webhook = {
  url: string
  /** Sent as JSON when it is JSON, as text otherwise. */
  message: string
  /** The same for the same message, so that a receiver can drop a repetition. */
  idempotencyKey: string
  /** How many flows started one another; a flow's own webhook stops circles by it. */
  depth: number
  allowPrivate: boolean
  signal: AbortSignal
}

export type WebhookAnswer = { status: number }

const TIMEOUT_MS = 10_000

/**
 * Posts once, following no redirect. Private and local addresses are refused unless allowed; the address that was
 * checked is the one that is connected to. Throws `rate_limited` and `timed_out` for what is worth another attempt.
 */
export async function postWebhook(webhook: Webhook): Promise<WebhookAnswer> {
  const url = new URL(webhook.url)
  const address = await allowedAddress(url, webhook.allowPrivate)
  const signal = AbortSignal.any([webhook.signal, AbortSignal.timeout(TIMEOUT_MS)])
  const status = await send(url, address, webhook, signal)
  if (status === 429 || status >= 500)
    throw new FairwayError('rate_limited', `The webhook answered ${status}; it is tried again.`)
  return { status }
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

function send(url: URL, address: Address, webhook: Webhook, signal: AbortSignal): Promise<number> {
  const body = Buffer.from(webhook.message)
  const options: RequestOptions = {
    method: 'POST',
    signal,
    lookup: (_host, { all }, done) => {
      const found = done as (error: null, address: string | Address[], family?: number) => void
      if (all) found(null, [address])
      else found(null, address.address, address.family)
    },
    headers: {
      'content-type': isJson(webhook.message) ? 'application/json' : 'text/plain; charset=utf-8',
      'content-length': body.length,
      'user-agent': 'Fairway',
      'idempotency-key': webhook.idempotencyKey,
      'x-fairway-depth': String(webhook.depth),
    },
  }
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request: ClientRequest = open(url, options, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
      response.once('error', (error) => reject(unreachable(url.hostname, error)))
    })
    request.once('error', (error) => reject(unreachable(url.hostname, error)))
    request.end(body)
  })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
