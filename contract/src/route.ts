import type { z } from 'zod'

/**
 * What one API operation takes and answers. The same value checks the request, types the handler and the
 * clients, and is printed as OpenAPI. Paths are written without `/v1`, with `{param}` placeholders.
 */
export type RouteContract<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> = {
  id: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  summary: string
  tag: string
  /** `read` for looking, `write` for changing, `admin` for tokens and secrets in clear. `none`: no token. */
  permission: 'none' | 'read' | 'write' | 'admin'
  params?: Params
  query?: Query
  body?: Body
  /** The shape under `data`. */
  reply: Reply
  /** Answers `{data, pagination}` when true. */
  paginated?: boolean
  /** Answers server-sent events, each with `reply` as its data, when true. */
  stream?: boolean
  status?: 200 | 201 | 202
}

/** Keeps the literal types of a route contract. */
export const route = <
  P extends z.ZodType = z.ZodType<Record<string, never>>,
  Q extends z.ZodType = z.ZodType<Record<string, never>>,
  B extends z.ZodType = z.ZodType<undefined>,
  R extends z.ZodType = z.ZodType,
>(
  definition: RouteContract<P, Q, B, R>,
): RouteContract<P, Q, B, R> => definition
