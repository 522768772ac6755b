import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useRef } from 'react'
import { isGone, PageError } from './page-error.tsx'
import { PageLoading } from './page-loading.tsx'

/**
 * A read with all its faces: loading, refused, gone, there. What was read before stays visible while it is read again,
 * unless it was deleted meanwhile.
 */
export function Loaded<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>
  children: (data: T) => ReactNode
}) {
  // A read that failed begins as a first one when it is tried again: what is shown must not flicker, nor lose the focus.
  const failure = useRef<unknown>(undefined)
  if (query.isError) failure.current = query.error
  if (query.data !== undefined && !isGone(query.error)) return children(query.data)
  if (query.isError || query.errorUpdateCount > 0)
    return <PageError error={failure.current} retry={() => void query.refetch()} />
  return <PageLoading />
}
