import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import type { GitHost } from '../operations/triggers/git-host-port.ts'
import { emptyEvent, movedRef, refOf, shaOf } from './event-parts.ts'
import { textAt } from './read-value.ts'
import { isHmacOf } from './signature.ts'

/**
 * Any git server, from its post-receive hook: `{"repository": "<url>", "ref": "refs/heads/main", "before": "<sha>",
 * "after": "<sha>"}`, signed by `X-Fairway-Signature: sha256=<HMAC of the body>`, perhaps with `X-Fairway-Delivery`.
 */
export const generic: GitHost = {
  name: 'generic',
  deliveryId: (headers) => headers['x-fairway-delivery'],
  verify: async (headers, rawBody, secret) => isHmacOf(rawBody, secret, headers['x-fairway-signature']),
  parse: (_headers, body) => [parse(body)],
}

function parse(body: unknown): GitEvent {
  const url = textAt(body, 'repository', 2000)
  const event = {
    ...emptyEvent('generic', 'push'),
    repository: url === undefined ? null : { name: url, urls: [url] },
    sender: textAt(body, 'sender') ?? null,
  }
  if (textAt(body, 'kind') === 'ping') return { ...event, name: 'ping', kind: 'ping' }
  const after = shaOf(textAt(body, 'after'))
  return {
    ...event,
    ...movedRef(refOf(textAt(body, 'ref')), after),
    before: shaOf(textAt(body, 'before')),
    after,
    commitsComplete: false,
  }
}
