/** A client that keeps one HTTP/2 connection (prior knowledge over cleartext) and sends one request after the other. */
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { setTimeout as delay } from 'node:timers/promises'
import type { LoadOptions } from './load-clients.ts'
import type { LoadTally } from './load-report.ts'

const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_PAUSE_MS = 5

export async function http2Client(options: LoadOptions, tally: LoadTally, stop: AbortSignal): Promise<void> {
  let session: ClientHttp2Session | undefined
  while (!stop.aborted) {
    if (session === undefined || session.closed || session.destroyed) session = open(options)
    await send(session, options, tally)
    await delay(options.pauseMs ?? DEFAULT_PAUSE_MS)
  }
  session?.close()
}

function open({ url }: LoadOptions): ClientHttp2Session {
  const session = connect(url)
  // Each request tells its own failure; an idle session that ends is opened again.
  session.on('error', () => session.destroy())
  session.on('goaway', () => session.close())
  return session
}

/** A stream the server refused before it did anything is sent again, as every client does. */
async function send(session: ClientHttp2Session, options: LoadOptions, tally: LoadTally): Promise<void> {
  const startedAt = performance.now()
  let outcome = await sendOnce(session, options)
  if (outcome === 'refused') outcome = await sendOnce(open(options), options)
  const now = performance.now()
  if (outcome === 'ok') tally.succeeded(now, now - startedAt)
  else tally.failed(`${new Date().toISOString()} HTTP/2: ${outcome}`)
}

function sendOnce(session: ClientHttp2Session, options: LoadOptions): Promise<string> {
  return new Promise((resolve) => {
    if (session.closed || session.destroyed) return resolve('refused')
    const stream = session.request({
      ':path': options.path,
      ':authority': options.host ?? new URL(options.url).host,
    })
    let status = 0
    stream.on('response', (headers) => {
      status = Number(headers[':status'])
    })
    stream.on('error', (error) => resolve(isRefused(stream.rstCode) ? 'refused' : error.message))
    stream.on('end', () => resolve(status >= 200 && status < 300 ? 'ok' : `status ${status}`))
    stream.on('close', () => resolve(isRefused(stream.rstCode) ? 'refused' : `closed with ${stream.rstCode}`))
    stream.setTimeout(options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS, () => stream.close())
    stream.resume()
    stream.end()
  })
}

const isRefused = (code: number): boolean => code === constants.NGHTTP2_REFUSED_STREAM
