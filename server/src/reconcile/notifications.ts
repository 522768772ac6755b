import { FairwayError } from '@fairway/contract/errors'
import { notificationOf } from '@fairway/contract/notification-events'
import type { Db } from '../db/db.ts'
import {
  beginDelivery,
  type DeliveryRow,
  findDelivery,
  insertDelivery,
  isOvertaking,
  moveDelivery,
  noteAttempt,
  type Outcome,
} from '../db/notification-deliveries.ts'
import { factsOf, findEvent } from '../db/notification-facts.ts'
import { planKey, sendKey } from '../db/notification-plans.ts'
import {
  findIntegration,
  type IntegrationRow,
  listReceivers,
  noteFailedRequest,
  noteGoodRequest,
} from '../db/notifications.ts'
import { type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { Clock } from '../lib/clock.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import { openTarget } from '../operations/notifications/target.ts'
import { linkOf, wordsOf } from './notification-words.ts'
import type { Message, Notifier, Receiver } from './notifier-port.ts'

export const notificationCrashPoints = [
  'notification.before-plan-commit',
  'notification.after-plan',
  'notification.before-call',
  'notification.after-call',
  'notification.after-record',
] as const

export type NotificationDeps = {
  db: Db
  sealer: Sealer
  notifier: Notifier
  /** Where people reach the pages of Fairway; undefined: messages carry no link. */
  publicUrl: string | undefined
  clock: Clock
  crash: CrashPoints
  log: Log
  /** Hides secrets: an answer may repeat what it was sent. */
  mask(text: string): string
}

type Next = { wakeAfterMs: number | null }
const RESTS: Next = { wakeAfterMs: null }

/** How soon a message looks again whether it is its turn. */
const TURN_MS = 50
/** With the waits between them about three hours. */
const MOST_ATTEMPTS = 12
const FIRST_RETRY_MS = 5_000
const LONGEST_RETRY_MS = 30 * 60_000
/** Nothing arrived for so long: it is switched off. */
const DISABLE_AFTER_MS = 24 * 3_600_000

export const notificationRetryMs = (attempts: number): number =>
  Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS)

/**
 * Tells others what happens. The key of an event (`plan/7`) has written down who is told what; the key of a message
 * (`send/id`) brings it there, at least once and always under the same id. First attempts keep the order of what happened;
 * one that has to be repeated is overtaken.
 */
export function createNotificationHandler(deps: NotificationDeps): WorkHandler {
  return async (item, signal) => {
    if (item.key.startsWith(sendKey(''))) return deliver(deps, item, signal)
    await plan(deps, item)
    return RESTS
  }
}

async function plan({ db, crash }: NotificationDeps, item: WorkItem): Promise<void> {
  const prefix = planKey(0).slice(0, -1)
  const row = await findEvent(db, Number(item.key.slice(prefix.length)))
  const name = row && notificationOf(row)
  const facts = row && name && (await factsOf(db, row, name))
  if (row === undefined || facts === undefined) return
  const { event, data, tags } = facts
  await withLease(db, item, async (tx) => {
    for (const id of await listReceivers(tx, { event, projectId: row.project_id, tags })) {
      const delivery = { integration_id: id, event_id: row.id, project_id: row.project_id, event, data }
      await insertDelivery(tx, delivery)
    }
    crash.hit('notification.before-plan-commit')
  })
  crash.hit('notification.after-plan')
}

async function deliver(deps: NotificationDeps, item: WorkItem, signal: AbortSignal): Promise<Next> {
  const { db, crash } = deps
  const id = item.key.slice(sendKey('').length)
  const delivery = await findDelivery(db, id)
  const integration = delivery && (await findIntegration(db, delivery.integration_id))
  if (delivery === undefined || integration === undefined) return RESTS
  if (await isOvertaking(db, delivery)) return { wakeAfterMs: TURN_MS }
  const attempt = await withLease(db, item, (tx) => beginDelivery(tx, id))
  if (attempt === undefined) return RESTS
  crash.hit('notification.before-call')
  const outcome = await sendOnce(deps, { delivery, integration }, signal)
  crash.hit('notification.after-call')
  const next = await record(deps, item, { delivery, integration, attempt, outcome })
  crash.hit('notification.after-record')
  return next
}

type Sending = { delivery: DeliveryRow; integration: IntegrationRow }

/** `error` is null when the receiver took it. */
async function sendOnce(deps: NotificationDeps, sending: Sending, signal: AbortSignal): Promise<Outcome> {
  try {
    const { status, text } = await deps.notifier.send(
      receiverOf(deps, sending),
      messageOf(deps, sending),
      signal,
    )
    const answer = { status, text: deps.mask(text) }
    return { answer, error: status >= 200 && status < 300 ? null : `The receiver answered ${status}.` }
  } catch (error) {
    if (signal.aborted || !(error instanceof FairwayError)) throw error
    return { answer: null, error: error.message }
  }
}

function receiverOf({ sealer }: NotificationDeps, { integration }: Sending): Receiver {
  const { webhook, secret } = openTarget(sealer, integration)
  const { id, name, type } = integration
  return { id, name, type, webhook, secret: secret === '' ? undefined : secret }
}

function messageOf({ publicUrl }: NotificationDeps, { delivery }: Sending): Message {
  const { id, event, data } = delivery
  return { id, event, data, ...wordsOf(event, data), link: linkOf(data, publicUrl) }
}

type Attempted = Sending & { attempt: number; outcome: Outcome }

async function record(
  { db, clock, log }: NotificationDeps,
  item: WorkItem,
  { delivery, integration, attempt, outcome }: Attempted,
): Promise<Next> {
  const { id } = delivery
  const final = attempt >= MOST_ATTEMPTS || isHopeless(outcome)
  const late = clock.now().getTime() - (integration.failing_since ?? clock.now()).getTime()
  const off = late >= DISABLE_AFTER_MS ? 'Nothing was taken for a day.' : null
  if (outcome.error !== null)
    log.warn({ integration: integration.id, delivery: id, attempt, why: outcome.error }, 'not told')
  await withLease(db, item, async (tx) => {
    if (outcome.error === null) {
      await moveDelivery(tx, id, 'sent', outcome)
      return await noteGoodRequest(tx, integration.id)
    }
    if (final) await moveDelivery(tx, id, 'failed', outcome)
    else await noteAttempt(tx, id, outcome)
    await noteFailedRequest(tx, integration.id, off)
  })
  return outcome.error === null || final ? RESTS : { wakeAfterMs: notificationRetryMs(attempt) }
}

/** Nobody is there any more: a chat's webhook that was removed answers so for ever. */
const isHopeless = ({ answer }: Outcome): boolean => answer?.status === 404 || answer?.status === 410
