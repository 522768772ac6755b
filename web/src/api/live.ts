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
  while (!signal.aborted && currentToken() !== undefined) {
    const again = await listen(place, signal)
    if (signal.aborted) return
    tell('lost')
    if (!again) return
    await new Promise((resolve) => setTimeout(resolve, place.waitMs))
    place.waitMs = Math.min(place.waitMs * 2, LONGEST_WAIT_MS)
  }
}

/** Until the stream ends. False: it was refused in a way that asking again does not change. */
async function listen(place: Place, signal: AbortSignal): Promise<boolean> {
  const onOpen = (): void => {
    place.waitMs = FIRST_WAIT_MS
    // Without a place to go on from, anything may have happened meanwhile.
    if (connection === 'lost' && place.lastId === undefined) void queryClient.invalidateQueries()
    tell('live')
  }
  const headers: Record<string, string> = place.lastId === undefined ? {} : { 'last-event-id': place.lastId }
  try {
    for await (const event of readEvents(streamEvents, { signal, query: {} }, { headers, onOpen })) {
      if (event.id !== undefined) place.lastId = event.id
      refresh(touchedKeys(event.data))
    }
    return true
  } catch (error) {
    return !(error instanceof ApiError && error.status >= 400 && error.status < 500)
  }
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
