import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Context } from './context.ts'
import { CliError, exitCodes } from './exit.ts'

export type Json = Record<string, unknown>
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type ServerEvent = { id?: string | undefined; event?: string | undefined; data: Json }

/** The REST API under `/v1`, as this program uses it. */
export type Client = {
  host: string
  /** Answers the `data` of the reply. Throws CliError with the server's own sentence. */
  request(method: Method, path: string, body?: unknown): Promise<Json>
  /** Server-sent events until the server closes or `signal` aborts. */
  stream(
    path: string,
    options?: { method?: Method; body?: unknown; signal?: AbortSignal },
  ): AsyncIterable<ServerEvent>
}

type ErrorBody = { error?: { message?: string; id?: string; details?: unknown } }

export function createClient({ host, token }: Context): Client {
  const base = `${host.replace(/\/+$/, '')}/v1`
  const send = (method: Method, path: string, body?: unknown, signal?: AbortSignal) =>
    fetch(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    }).catch((error: unknown) => {
      throw unreachable(host, error)
    })

  return {
    host,
    async request(method, path, body) {
      const response = await send(method, path, body)
      const text = await response.text()
      const parsed = parse(text)
      if (!response.ok) throw refused(response.status, parsed as ErrorBody)
      return (parsed.data ?? parsed) as Json
    },
    async *stream(path, { method = 'GET', body, signal } = {}) {
      const response = await send(method, path, body, signal)
      if (!response.ok) throw refused(response.status, parse(await response.text()) as ErrorBody)
      if (response.body === null) return
      const events = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream())
      for await (const { id, event, data } of events) yield { id, event, data: parse(data) }
    },
  }
}

function parse(text: string): Json {
  if (text === '') return {}
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    throw new CliError(exitCodes.unreachable, 'The answer was not JSON. Is this address a Fairway server?', {
      cause: error,
    })
  }
}

function refused(status: number, body: ErrorBody): CliError {
  const message = body.error?.message ?? `the server answered ${status}`
  if (status === 404) return new CliError(exitCodes.notFound, message)
  if (status === 401 || status === 403) return new CliError(exitCodes.denied, message)
  return new CliError(status >= 500 ? exitCodes.unreachable : exitCodes.refused, message)
}

const unreachable = (host: string, cause: unknown): CliError =>
  new CliError(exitCodes.unreachable, `No answer from ${host}. Is it running? (fairway up)`, { cause })
