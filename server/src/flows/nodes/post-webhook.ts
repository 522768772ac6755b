import { FairwayError } from '@fairway/contract/errors'
import { guardedPost } from '../../lib/guarded-post.ts'

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

/**
 * Posts once, following no redirect. Private and local addresses are refused unless allowed. Throws `rate_limited` and
 * `timed_out` for what is worth another attempt.
 */
export async function postWebhook({ message, ...webhook }: Webhook): Promise<WebhookAnswer> {
  const { url, allowPrivate, signal } = webhook
  const headers = {
    'content-type': isJson(message) ? 'application/json' : 'text/plain; charset=utf-8',
    'idempotency-key': webhook.idempotencyKey,
    'x-fairway-depth': String(webhook.depth),
  }
  const { status } = await guardedPost({ url, headers, body: message, allowPrivate, signal })
  if (status === 429 || status >= 500)
    throw new FairwayError('rate_limited', `The webhook answered ${status}; it is tried again.`)
  return { status }
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
