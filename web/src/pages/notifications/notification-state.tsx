import type { notificationView } from '@fairway/contract/resources/notification'
import { Text } from '@mantine/core'
import type { z } from 'zod'
import { StatusBadge } from '../../ui/status-badge.tsx'

/** Whether messages get through. */
export function NotificationState({ status }: { status: z.output<typeof notificationView>['status'] }) {
  if (status.disabled)
    return (
      <>
        <StatusBadge status="disabled" />{' '}
        <Text size="xs">{status.reason} Save it to switch it on again.</Text>
      </>
    )
  if (status.numberOfFailedRequests === 0) return <StatusBadge status="active" />
  return (
    <>
      <StatusBadge status="failing" />{' '}
      <Text size="xs">{status.numberOfFailedRequests} requests in a row failed.</Text>
    </>
  )
}
