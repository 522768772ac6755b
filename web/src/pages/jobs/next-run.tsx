import type { JobView } from '@fairway/contract/routes/jobs'
import { Text } from '@mantine/core'
import { Ago } from '../../ui/ago.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'

/** When a schedule runs its job, and when next. */
export function NextRun({ job: { paused, settings } }: { job: JobView }) {
  const { cron } = settings
  if (cron === undefined) return null
  return (
    <>
      <Text size="sm" c="dimmed">
        {cron.schedule} (UTC)
      </Text>
      {cron.suspended && !paused && <StatusBadge status="suspended" />}
      {cron.nextRunAt !== null && (
        <Text size="sm" c="dimmed">
          next run <Ago at={cron.nextRunAt} />, {new Date(cron.nextRunAt).toUTCString().slice(5, 22)} UTC
        </Text>
      )}
    </>
  )
}
