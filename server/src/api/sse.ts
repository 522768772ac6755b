import type { FastifyReply } from 'fastify'

/** One server-sent event. `data` is sent as JSON. */
export type SseMessage = { id?: string | number; event?: string; data: unknown }

export type SseOptions = {
  signal: AbortSignal
  /** Blanks secrets out of what is sent. */
  mask: (text: string) => string
  heartbeatMs?: number
}

/**
 * Streams messages until the source ends or the caller goes away. A comment is sent when nothing else was for a
 * while, so that proxies keep the connection and a dead peer is noticed. Waits for slow readers.
 */
export async function sse(
  reply: FastifyReply,
  source: AsyncIterable<SseMessage>,
  { signal, mask, heartbeatMs = 15_000 }: SseOptions,
): Promise<void> {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  raw.write(': connected\n\n')
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs)
  try {
    for await (const message of untilAborted(source, signal)) {
      heartbeat.refresh()
      if (!raw.write(mask(frameOf(message)))) await drained(raw, signal)
    }
  } finally {
    clearInterval(heartbeat)
    raw.end()
  }
}

/** Ends with the signal even while the source is waiting for its next message. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]()
  const aborted = new Promise<'aborted'>((resolve) => {
    if (signal.aborted) resolve('aborted')
    signal.addEventListener('abort', () => resolve('aborted'), { once: true })
  })
  try {
    while (true) {
      const next = await Promise.race([iterator.next(), aborted])
      if (next === 'aborted' || next.done) return
      yield next.value
    }
  } finally {
    // Not awaited: a source that waits ends only with its next message or with the signal.
    void iterator.return?.()
  }
}

/** JSON has no raw line breaks, so each field is one line. */
function frameOf({ id, event, data }: SseMessage): string {
  const head = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
  ]
  return [...head, `data: ${JSON.stringify(data)}`, '', ''].join('\n')
}

function drained(raw: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      raw.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    raw.once('drain', done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
