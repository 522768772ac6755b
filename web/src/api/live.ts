import { streamEvents } from '@fairway/contract/routes/events'
import { useEffect, useSyncExternalStore } from 'react'
import { ApiError } from './api-error.ts'
import { queryClient } from './queries.ts'
import { readEvents } from './read-events.ts'
import { currentToken } from './session.ts'
import { touchedKeys } from './touched-keys.ts'

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000
/** Events come in bursts; one refresh answers for all of a moment. */
const GATHER_MS = 50
/** The server says every 15 seconds that it is there. A connection that says nothing for longer is dead. */
const SILENCE_MS = 40_000
/** By then the server knows from where on it sends events. */
const SETTLED_MS = 1_000

type Connection = 'connecting' | 'live' | 'lost'
let connection: Connection = 'connecting'
const listeners = new Set<() => void>()

function tell(next: Connection): void {
  if (connection === next) return
  connection = next
  for (const listener of listeners) listener()
}

/** Whether the pages hear of changes as they happen. */
export const useConnection = (): Connection =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => connection,
  )

/** Keeps every page fresh while it is mounted: one stream of events, resumed after the last one seen. */
export function useLiveQueries(): void {
  useEffect(() => {
    const abort = new AbortController()
    void follow(abort.signal)
    return () => abort.abort()
  }, [])
}

type Place = { lastId: string | undefined; waitMs: number }

async function follow(signal: AbortSignal): Promise<void> {
  const place: Place = { lastId: undefined, waitMs: FIRST_WAIT_MS }
  tell('connecting')
  while (!signal.aborted && currentToken() !== undefined) {
    const again = await listen(place, signal)
    if (signal.aborted) return
    tell('lost')
    if (!again) return
    await untilOnline(place.waitMs)
    place.waitMs = Math.min(place.waitMs * 2, LONGEST_WAIT_MS)
  }
}

/** A while, or until the browser has a network again. */
function untilOnline(waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      window.removeEventListener('online', done)
      resolve()
    }
    const timer = setTimeout(done, waitMs)
    window.addEventListener('online', done)
  })
}

/** Until the stream ends. False: it was refused in a way that asking again does not change. */
async function listen(place: Place, signal: AbortSignal): Promise<boolean> {
  const silence = watchSilence(signal)
  const onOpen = (): void => {
    place.waitMs = FIRST_WAIT_MS
    readAgain(place, signal)
    tell('live')
  }
  const headers: Record<string, string> = place.lastId === undefined ? {} : { 'last-event-id': place.lastId }
  const options = { signal: silence.signal, query: {} }
  try {
    for await (const event of readEvents(streamEvents, options, { headers, onOpen, onSign: silence.heard })) {
      if (event.id !== undefined) place.lastId = event.id
      refresh(touchedKeys(event.data))
    }
    return true
  } catch (error) {
    return !(error instanceof ApiError && [401, 403].includes(error.status))
  } finally {
    silence.stop()
  }
}

/** A signal that aborts with `outer`, or when nothing was heard for too long. */
function watchSilence(outer: AbortSignal) {
  const abort = new AbortController()
  const end = (): void => abort.abort()
  let timer = setTimeout(end, SILENCE_MS)
  outer.addEventListener('abort', end, { once: true })
  return {
    signal: abort.signal,
    heard: (): void => {
      clearTimeout(timer)
      timer = setTimeout(end, SILENCE_MS)
    },
    stop: (): void => {
      clearTimeout(timer)
      outer.removeEventListener('abort', end)
    },
  }
}

/**
 * What was read before the stream began may be older than its first event: it is read once more. After a cut also what
 * could not be read meanwhile.
 */
function readAgain({ lastId }: Place, signal: AbortSignal): void {
  if (connection === 'lost') void queryClient.invalidateQueries()
  if (lastId !== undefined) return
  const timer = setTimeout(() => void queryClient.invalidateQueries({}, { cancelRefetch: false }), SETTLED_MS)
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
}

let gathered: string[][] = []

function refresh(keys: string[][]): void {
  if (gathered.length === 0) setTimeout(refreshGathered, GATHER_MS)
  gathered.push(...keys)
}

function refreshGathered(): void {
  const unique = new Map(gathered.map((key) => [key.join('/'), key]))
  gathered = []
  for (const queryKey of unique.values()) void queryClient.invalidateQueries({ queryKey })
}
