import { Skeleton, Stack } from '@mantine/core'

/** The shape of a page while its parts are on the way. */
export function PageLoading() {
  return (
    <Stack role="status" aria-label="Loading" p="md">
      <Skeleton height={28} width={240} />
      <Skeleton height={120} />
      <Skeleton height={120} />
    </Stack>
  )
}
