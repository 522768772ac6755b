import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { PageError } from './page-error.tsx'
import { PageLoading } from './page-loading.tsx'

/** A read with all its faces: loading, refused, there. What was read before stays visible while it is read again. */
export function Loaded<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <PageError error={query.error} retry={() => void query.refetch()} />
  return <PageLoading />
}
