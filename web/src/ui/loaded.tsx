import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
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
  if (query.data !== undefined && !isGone(query.error)) return children(query.data)
  if (query.isError) return <PageError error={query.error} retry={() => void query.refetch()} />
  return <PageLoading />
}
