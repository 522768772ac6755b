import { FairwayError, notFound } from '@fairway/contract/errors'
import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import { type Db, type Tx, transaction } from '../../db/db.ts'
import { findGitAccountByWebhook, type GitAccountRow, noteDelivery } from '../../db/git-accounts.ts'
import { countRefused, findDelivery, insertTriggerEvent, lockStream } from '../../db/trigger-events.ts'
import { repositoryKeys } from '../../db/watchers.ts'
import { newId, schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { hostOf, openWebhookSecret } from '../git-accounts/open.ts'
import type { GitHosts, Headers } from './git-host-port.ts'

export type Delivery = { webhookId: string; headers: Headers; rawBody: Buffer }

export type ReceiveDeps = { db: Db; sealer: Sealer; gitHosts: GitHosts }

/** More refusals of a webhook within a minute are answered and not stored. */
const MOST_REFUSALS = 60
/** Larger bodies are read and not kept. */
const LARGEST_KEPT_BODY = 256 * 1024

const KEPT_HEADERS = [
  'content-type',
  'user-agent',
  'x-github-event',
  'x-github-delivery',
  'x-gitlab-event',
  'x-gitlab-event-uuid',
  'x-event-key',
  'x-request-uuid',
  'x-gitea-event',
  'x-gitea-delivery',
  'x-forgejo-event',
  'x-forgejo-delivery',
]

/**
 * Stores a delivery and makes it due; nothing else, so that the host has its answer at once. The same delivery again is
 * answered as the first. 404: no such webhook. 401: not signed with its secret (recorded). 400: no JSON.
 */
export async function receiveDelivery(deps: ReceiveDeps, delivery: Delivery): Promise<{ id: string }> {
  const { db, sealer, gitHosts } = deps
  const account = await findGitAccountByWebhook(db, delivery.webhookId)
  if (account === undefined) throw notFound('webhook', delivery.webhookId)
  const host = gitHosts[account.host]
  if (!(await host.verify(delivery.headers, delivery.rawBody, openWebhookSecret(sealer, account)))) {
    const sentence = 'The signature is missing or was not made with the secret of this webhook.'
    await recordRefusal(db, delivery, sentence)
    throw new FairwayError('unauthorized', sentence)
  }
  const events = host.parse(delivery.headers, await readBody(db, delivery))
  return transaction(db, (tx) => store(tx, { deps, delivery, account, events }))
}

async function readBody(db: Db, delivery: Delivery): Promise<unknown> {
  const text = delivery.rawBody.toString('utf8')
  const isForm = delivery.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  try {
    return JSON.parse(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text)
  } catch (cause) {
    const sentence = 'The body is not valid JSON.'
    await recordRefusal(db, delivery, sentence)
    throw new FairwayError('malformed_json', sentence, { cause })
  }
}

async function recordRefusal(
  db: Db,
  { webhookId, headers, rawBody }: Delivery,
  sentence: string,
): Promise<void> {
  if ((await countRefused(db, webhookId)) >= MOST_REFUSALS) return
  await transaction(db, (tx) =>
    insertTriggerEvent(tx, {
      id: newId(),
      source: 'webhook',
      stream: 'refused',
      status: 'refused',
      sentence,
      // Without the delivery's id: a forged delivery must not take the place of the real one.
      delivery: { webhookId, id: undefined, part: 0 },
      headers: keptHeaders(headers),
      bodyBytes: rawBody.length,
    }),
  )
}

type Store = {
  deps: ReceiveDeps
  delivery: Delivery
  account: GitAccountRow
  events: [GitEvent, ...GitEvent[]]
}

async function store(tx: Tx, { deps, delivery, account, events }: Store): Promise<{ id: string }> {
  const { webhookId, headers, rawBody } = delivery
  const deliveryId = deps.gitHosts[account.host].deliveryId(headers)?.slice(0, 200)
  const parts = []
  for (const event of events) parts.push({ id: newId(), ...(await readEvent(tx, account, event)) })
  // In one order, so that two deliveries of the same branches do not wait for each other.
  for (const stream of new Set(parts.map((part) => part.stream).sort())) await lockStream(tx, stream)
  for (const [part, own] of parts.entries()) {
    const number = await insertTriggerEvent(tx, {
      source: 'webhook',
      ...own,
      delivery: { webhookId, id: deliveryId, part },
      headers: keptHeaders(headers),
      ...(part === 0 && { body: keptBody(deps.sealer, own.id, rawBody) }),
      bodyBytes: rawBody.length,
    })
    if (number === undefined) return { id: await firstOf(tx, { webhookId, deliveryId: deliveryId ?? '' }) }
    if (own.status === 'pending') await schedule(tx, 'trigger_event', own.id)
    await noteDelivery(tx, account.id, own.keys)
  }
  return { id: parts[0]?.id ?? '' }
}

const keptBody = (sealer: Sealer, id: string, rawBody: Buffer): Buffer | undefined =>
  rawBody.length <= LARGEST_KEPT_BODY ? sealer.seal(rawBody, bodyContext(id)) : undefined

export const bodyContext = (eventId: string): string => `trigger-event/${eventId}`

/** What an event of this account is about, and whether there is anything to judge. */
async function readEvent(tx: Tx, account: GitAccountRow, event: GitEvent) {
  const all = event.repository?.urls ?? []
  const urls = all.filter((url) => hostOf(url) === hostOf(account.base_url))
  const keys = await repositoryKeys(tx, urls)
  const own = { event: event.repository === null ? event : withUrls(event, urls), keys }
  const stream = streamOf(keys, event.branch)
  if (all.length > 0 && urls.length === 0) {
    const sentence = `The repository is not on ${account.base_url}, for which this account stands.`
    return { ...own, stream, status: 'refused' as const, sentence }
  }
  return { ...own, stream, status: 'pending' as const }
}

const withUrls = (event: GitEvent, urls: string[]): GitEvent => ({
  ...event,
  repository: event.repository === null ? null : { ...event.repository, urls },
})

/** Events of one repository and branch are judged in the order in which they came. */
export const streamOf = (keys: readonly string[], branch: string | null): string =>
  `${[...keys].sort()[0] ?? 'none'}#${branch ?? ''}`.slice(0, 600)

async function firstOf(tx: Tx, delivery: { webhookId: string; deliveryId: string }): Promise<string> {
  const id = await findDelivery(tx, delivery)
  if (id === undefined)
    throw new FairwayError('conflict', 'The delivery was stored and is gone. Send it again.')
  return id
}

const keptHeaders = (headers: Headers): Record<string, string> =>
  Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = headers[name]
      return value === undefined ? [] : [[name, value.slice(0, 300)]]
    }),
  )
