import { FairwayError } from '@fairway/contract/errors'
import type { Db } from '../../db/db.ts'
import {
  currentPosition,
  type EventFilter,
  type EventPosition,
  type EventRow,
  positionOf,
  readEvents,
} from '../../db/event-log.ts'
import { EVENT_CHANNEL } from '../../db/events.ts'
import type { Notifications } from '../deps.ts'

const BATCH = 200
/** A notification may be missed while the listener reconnects. */
const POLL_MS = 5_000
/** Events wait for older transactions, which end in milliseconds. */
const HELD_MS = 20

type Following = { filter: EventFilter; from: EventPosition; signal: AbortSignal }

/** Every matching event after a position, then those to come, each once, until the signal aborts. */
export async function* followEvents(
  { db, notifications }: { db: Db; notifications: Notifications },
  { filter, from, signal }: Following,
): AsyncGenerator<EventRow> {
  const wakeUps = collectWakeUps(notifications)
  let after = from
  try {
    while (!signal.aborted) {
      const { rows, held } = await readEvents(db, filter, { after, limit: BATCH })
      for (const row of rows) {
        yield row
        after = { tx: row.tx, id: row.id }
      }
      if (rows.length === 0) await wakeUps.next(held ? HELD_MS : POLL_MS, signal)
    }
  } finally {
    wakeUps.stop()
  }
}

/** `<tx>-<id>` as in the `id` of a sent event, or the number of an event; absent: from now on. */
export async function startPosition(db: Db, text: string | undefined): Promise<EventPosition> {
  if (text === undefined || text === '') return currentPosition(db)
  const match = /^(?:(\d{1,19})-)?(\d{1,15})$/.exec(text)
  if (match === null) {
    throw new FairwayError('invalid_request', 'after: must be the id of an event, as its stream sent it.', {
      problems: [{ field: 'after', rule: 'must be the id of an event' }],
    })
  }
  const [, tx, id = '0'] = match
  return tx === undefined ? positionOf(db, Number(id)) : { tx, id: Number(id) }
}

/** Remembers a wake-up that comes while nobody waits, so that none is lost between reading and waiting. */
function collectWakeUps(notifications: Notifications) {
  let pending = false
  let wake: (() => void) | undefined
  const stop = notifications.on(EVENT_CHANNEL, () => {
    pending = true
    wake?.()
  })
  const next = async (timeoutMs: number, signal: AbortSignal): Promise<void> => {
    if (!pending && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
        signal.addEventListener('abort', wake, { once: true })
      })
    }
    pending = false
    wake = undefined
  }
  return { next, stop }
}
