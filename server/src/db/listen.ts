import pg from 'pg'
import type { Log } from '../lib/log.ts'

/** One connection that listens for all: answers how to stop hearing a channel. */
export type Listener = {
  on(channel: string, wake: (payload: string) => void): () => void
  close(): Promise<void>
}

const RECONNECT_MS = 500

/**
 * Opens a dedicated session for LISTEN; opens another one when it is lost. What was missed meanwhile is caught by
 * waking every subscriber once after a reconnect, with an empty payload.
 */
export async function openListener(connectionString: string, log: Log): Promise<Listener> {
  const wakers = new Map<string, Set<(payload: string) => void>>()
  let client: pg.Client | undefined
  let closed = false
  let retry: NodeJS.Timeout | undefined

  const connect = async (): Promise<void> => {
    const next = new pg.Client({ connectionString, keepAlive: true })
    next.on('notification', ({ channel, payload }) => {
      for (const wake of wakers.get(channel) ?? []) wake(payload ?? '')
    })
    next.once('error', (error) => lost(next, error))
    next.once('end', () => lost(next))
    await next.connect()
    for (const channel of wakers.keys()) await next.query(`listen ${pg.escapeIdentifier(channel)}`)
    client = next
  }

  const lost = (which: pg.Client, error?: Error): void => {
    if (closed || (client !== undefined && client !== which)) return
    client = undefined
    log.warn({ err: error }, 'the listening session was lost; opening another one')
    retry ??= setTimeout(() => void reconnect(), RECONNECT_MS)
  }

  const reconnect = async (): Promise<void> => {
    retry = undefined
    if (closed) return
    try {
      await connect()
      for (const all of wakers.values()) for (const wake of all) wake('')
    } catch (error) {
      log.warn({ err: error }, 'the database does not answer yet')
      retry ??= setTimeout(() => void reconnect(), RECONNECT_MS)
    }
  }

  await connect()
  return {
    on(channel, wake) {
      const all = wakers.get(channel) ?? new Set()
      if (all.size === 0) {
        wakers.set(channel, all)
        client?.query(`listen ${pg.escapeIdentifier(channel)}`).catch((error: unknown) => {
          log.warn({ err: error, channel }, 'cannot listen')
        })
      }
      all.add(wake)
      return () => void all.delete(wake)
    },
    async close() {
      closed = true
      clearTimeout(retry)
      await client?.end()
    },
  }
}
