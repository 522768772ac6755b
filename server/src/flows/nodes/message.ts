import type { MessageSpec } from '@fairway/contract/nodes/message'
import { done, failed, type NodeResult } from '../model.ts'
import { defineNode } from '../node.ts'
import { postWebhook, type WebhookAnswer } from './post-webhook.ts'

/** Posts a message to a URL. It is sent once; an answer of 5xx or 429, or none, is tried again. */
export const messageNode = defineNode<MessageSpec, { sending: true }>({
  kind: 'Message',
  async step(_tx, { acted }) {
    if (acted === undefined) return { is: 'act', state: { sending: true } }
    if (acted.is === 'answer') return resultOf(acted.value as WebhookAnswer)
    // Sending it again could repeat it; a message is not worth failing a release for.
    return done({ status: null, remark: 'The server stopped while sending; it may not have arrived.' })
  },
  act: ({ spec, run, path }, { allowPrivateWebhooks }, signal) =>
    postWebhook({
      url: spec.webhookUrl,
      message: spec.message,
      idempotencyKey: `${run.id}/${path}`,
      depth: run.depth + 1,
      allowPrivate: allowPrivateWebhooks,
      signal,
    }),
})

function resultOf({ status }: WebhookAnswer): NodeResult {
  if (status >= 200 && status < 300) return done({ status })
  return failed('invalid_request', `The webhook answered ${status}. Check its URL and what it expects.`)
}
