import type { RouteContract } from '@fairway/contract/route'
import type { z } from 'zod'
import { ApiError, unreachable } from './api-error.ts'
import { currentToken, signOutRefused } from './session.ts'

type Input<S> = S extends z.ZodType ? z.input<S> : undefined
type Answer<R extends RouteContract> = z.output<R['reply']>

/** What a call of a route takes: its parameters, query and body, as far as it has them. */
export type CallOptions<R extends RouteContract> = {
  params?: Input<R['params']>
  query?: Input<R['query']>
  body?: Input<R['body']>
  signal?: AbortSignal
}

export type Page<T> = { data: T; next: string | undefined; total: number | undefined }

type Reply = {
  data?: unknown
  pagination?: { hasNextPage: boolean; cursor?: string; count?: number }
  error?: { message?: string; id?: string; details?: { problems?: { field: string; rule: string }[] } }
}

/** Calls one operation of the API. Throws ApiError; a token that is not valid any more signs out. */
export async function call<R extends RouteContract>(
  route: R,
  options: CallOptions<R> = {},
): Promise<Answer<R>> {
  const { data } = await callPage(route, options)
  return data
}

/** The same for lists that come in pages. */
export async function callPage<R extends RouteContract>(
  route: R,
  options: CallOptions<R> = {},
): Promise<Page<Answer<R>>> {
  const response = await send(route, options)
  const reply = (await response.json()) as Reply
  if (!response.ok) throw refusal(response.status, reply)
  return {
    data: (reply.data ?? reply) as Answer<R>,
    next: reply.pagination?.hasNextPage ? reply.pagination.cursor : undefined,
    total: reply.pagination?.count,
  }
}

/** The raw answer, for streams. */
export async function send<R extends RouteContract>(
  route: R,
  { params, query, body, signal }: CallOptions<R>,
  headers: Record<string, string> = {},
): Promise<Response> {
  try {
    return await fetch(`/v1${fillPath(route.path, params)}${queryString(query)}`, {
      method: route.method,
      headers: {
        authorization: `Bearer ${currentToken() ?? ''}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw unreachable(error)
  }
}

export function refusal(status: number, { error }: Reply): ApiError {
  if (status === 401) signOutRefused()
  return new ApiError(status, {
    id: error?.id ?? 'unknown',
    message: error?.message ?? `The server answered ${status}.`,
    ...(error?.details?.problems !== undefined && { problems: error.details.problems }),
  })
}

/** `/projects/{projectId}` with its parameters. Throws when one is missing: that is a mistake of ours. */
export function fillPath(path: string, params: unknown): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = (params as Record<string, unknown> | undefined)?.[name]
    if (value === undefined) throw new Error(`${path} needs ${name}`)
    return encodeURIComponent(String(value))
  })
}

function queryString(query: unknown): string {
  const entries = Object.entries((query ?? {}) as Record<string, unknown>).filter(
    ([, value]) => value !== undefined && value !== '',
  )
  if (entries.length === 0) return ''
  return `?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)]))}`
}
