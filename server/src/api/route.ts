import type { RouteContract } from '@fairway/contract/route'
import type { z } from 'zod'
import type { Actor } from './auth.ts'
import type { ApiDeps } from './deps.ts'
import type { Page, Paged } from './page.ts'
import type { SseMessage } from './sse.ts'

/** One checked request. `page` holds for paginated routes; `signal` aborts when the caller goes away. */
export type ApiRequest<Params, Query, Body> = {
  params: Params
  query: Query
  body: Body
  actor: Actor
  page: Page
  signal: AbortSignal
  /** What a reconnecting event stream saw last. */
  lastEventId: string | undefined
}

type AnyRequest = ApiRequest<unknown, unknown, unknown>

/** A route ready to be mounted. The types were checked where it was defined. */
export type Route = { contract: RouteContract } & (
  | { answer: (request: AnyRequest, deps: ApiDeps) => Promise<unknown> }
  | { stream: (request: AnyRequest, deps: ApiDeps) => AsyncIterable<SseMessage> }
)

/**
 * Binds a contract to its handler. The handler answers what stands under `data`, or a `Paged` of it. Parsing,
 * permission, error mapping and documentation come from the contract, once for all routes.
 */
export function defineRoute<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
>(
  contract: RouteContract<P, Q, B, R>,
  handler: (
    request: ApiRequest<z.output<P>, z.output<Q>, z.output<B>>,
    deps: ApiDeps,
  ) => Promise<z.input<R> | Paged<z.input<R>>>,
): Route {
  return { contract, answer: handler as (request: AnyRequest, deps: ApiDeps) => Promise<unknown> }
}

/** The same for a route that answers with server-sent events. */
export function defineStream<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
>(
  contract: RouteContract<P, Q, B, R>,
  handler: (
    request: ApiRequest<z.output<P>, z.output<Q>, z.output<B>>,
    deps: ApiDeps,
  ) => AsyncIterable<SseMessage>,
): Route {
  return { contract, stream: handler as (request: AnyRequest, deps: ApiDeps) => AsyncIterable<SseMessage> }
}
