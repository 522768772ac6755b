import type { RouteContract } from '@fairway/contract/route'
import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import { ApiError } from './api-error.ts'
import { type CallOptions, call, callPage, fillPath } from './client.ts'

/** What the pages have read; kept fresh by events rather than by asking again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // A browser without the internet may well reach a Fairway beside it.
      networkMode: 'always',
      staleTime: 30_000,
      retry: (count, error) => isWorthRetrying(error) && count < 5,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
    },
    mutations: { networkMode: 'always', retry: false },
  },
})

const isWorthRetrying = (error: Error): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status === 503)

/** The key of a read is its path, so that everything below a resource is refreshed by the resource's prefix. */
function keyOf(route: RouteContract, { params, query }: { params?: unknown; query?: unknown }): unknown[] {
  const path = fillPath(route.path, params).split('/').filter(Boolean)
  return query === undefined ? path : [...path, query]
}

/** How to read one operation, for `useQuery` and loaders. */
export const read = <R extends RouteContract>(
  route: R,
  options: Omit<CallOptions<R>, 'body' | 'signal'> = {},
) =>
  queryOptions({
    queryKey: keyOf(route, options),
    queryFn: ({ signal }) => call(route, { ...options, signal } as CallOptions<R>),
  })

/**
 * The same for what need not exist: null where the server says that there is none. As an error, each new read of it
 * would begin as a first one, and take the page away that stands in its place.
 */
export const readIfAny = <R extends RouteContract>(
  route: R,
  options: Omit<CallOptions<R>, 'body' | 'signal'> = {},
) =>
  queryOptions({
    queryKey: [...keyOf(route, options), 'if any'],
    queryFn: async ({ signal }) => {
      try {
        return await call(route, { ...options, signal } as CallOptions<R>)
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    },
  })

/** A list with its cursor; the page before stays while the next one loads. */
export const readPage = <R extends RouteContract>(
  route: R,
  options: Omit<CallOptions<R>, 'body' | 'signal'> = {},
) =>
  queryOptions({
    queryKey: [...keyOf(route, options), 'page'],
    queryFn: ({ signal }) => callPage(route, { ...options, signal } as CallOptions<R>),
    placeholderData: keepPreviousData,
  })

type Readable = { queryKey: readonly unknown[]; queryFn?: unknown }

/** Begins to read what a part of the page will ask for once the rest of it is there, so that nothing waits in a row. */
export function readAhead(...reads: readonly Readable[]): void {
  for (const options of reads)
    if (queryClient.getQueryState(options.queryKey) === undefined)
      void queryClient.prefetchQuery(options as Parameters<typeof queryClient.prefetchQuery>[0])
}
