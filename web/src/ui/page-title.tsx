import { Group, Stack, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** What this page is about, and what can be done here. */
export function PageTitle({
  title,
  below,
  children,
}: {
  title: ReactNode
  below?: ReactNode
  children?: ReactNode
}) {
  return (
    <Group justify="space-between" align="flex-start" mb="md">
      <Stack gap={4}>
        <Title order={1} size="h2">
          {title}
        </Title>
        {below}
      </Stack>
      <Group gap="xs">{children}</Group>
    </Group>
  )
}
