import { Alert, Anchor, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { sentenceOf } from '../../api/api-error.ts'
import { StatusBadge } from '../../ui/status-badge.tsx'

type Row = { to: string; name: string; remark?: string; status?: string | undefined }
type ResourceCardProps = {
  /** What links on the page name it by. */
  id: string
  title: string
  empty: string
  /** What makes new ones. */
  actions?: ReactNode
  /** Why its resources cannot be shown. */
  error?: unknown
  children: readonly Row[] | undefined
}

/** The resources of one kind, each with how it is. `undefined`: still being read. */
export function ResourceCard({ id, title, empty, actions, error, children }: ResourceCardProps) {
  return (
    <Paper withBorder p="md" component="section" id={id} aria-label={title} style={{ scrollMarginTop: 68 }}>
      <Title order={2} size="h4" mb="sm">
        {title}
      </Title>
      {children === undefined &&
        (error ? (
          <Alert role="alert" color="red" p="xs">
            {sentenceOf(error)}
          </Alert>
        ) : (
          <Skeleton height={24} />
        ))}
      {children?.length === 0 && (
        <Text size="sm" c="dimmed">
          {empty}
        </Text>
      )}
      <Stack gap={6}>
        {children?.map(({ to, name, remark, status }) => (
          <Group key={to} justify="space-between" wrap="nowrap">
            <div>
              <Anchor component={Link} to={to} underline="always">
                {name}
              </Anchor>{' '}
              <Text span size="xs" c="dimmed">
                {remark}
              </Text>
            </div>
            {status !== undefined && <StatusBadge status={status} />}
          </Group>
        ))}
      </Stack>
      {actions && (
        <Group gap="xs" mt="md">
          {actions}
        </Group>
      )}
    </Paper>
  )
}
