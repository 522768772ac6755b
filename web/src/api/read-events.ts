import type { RouteContract } from '@fairway/contract/route'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { z } from 'zod'
import { unreachable } from './api-error.ts'
import { type CallOptions, refusal, send } from './client.ts'

export type StreamEvent<T> = { id: string | undefined; event: string | undefined; data: T }

type Listening = {
  headers?: Record<string, string>
  onOpen?: () => void
  /** Whenever the server shows that it is there, also when nothing happens. */
  onSign?: () => void
}

type Events<R extends RouteContract> = AsyncIterable<StreamEvent<z.output<R['reply']>>>

/**
 * Server-sent events of one route until the server ends them or `signal` aborts. Breaks off, as unreachable, when the
 * browser says that it has no network any more: a connection across one that is gone stays open and silent.
 */
export async function* readEvents<R extends RouteContract>(
  route: R,
  options: CallOptions<R>,
  listening: Listening = {},
): Events<R> {
  const cut = new AbortController()
  const breakOff = (): void => cut.abort()
  window.addEventListener('offline', breakOff)
  const { signal } = options
  const both = signal === undefined ? cut.signal : AbortSignal.any([signal, cut.signal])
  try {
    yield* readOpened(route, { ...options, signal: both }, listening)
  } catch (error) {
    throw cut.signal.aborted && !signal?.aborted ? unreachable(error) : error
  } finally {
    window.removeEventListener('offline', breakOff)
  }
}

async function* readOpened<R extends RouteContract>(
  route: R,
  options: CallOptions<R>,
  { headers = {}, onOpen, onSign = () => undefined }: Listening,
): Events<R> {
  const response = await send(route, options, { accept: 'text/event-stream', ...headers })
  if (!response.ok) throw refusal(response.status, await response.json())
  if (response.body === null) return
  onOpen?.()
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ onComment: onSign }))
  const reader = events.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw options.signal?.aborted ? error : unreachable(error)
      })
      if (done) return
      onSign()
      yield { id: value.id, event: value.event, data: JSON.parse(value.data) as z.output<R['reply']> }
    }
  } finally {
    reader.releaseLock()
  }
}
