import { Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** A list with nothing in it yet: what belongs here, and how to begin. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md">
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text c="dimmed" ta="center" maw={520} component="div">
        {children}
      </Text>
    </Stack>
  )
}
