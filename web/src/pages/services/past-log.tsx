import { serviceLogs } from '@fairway/contract/routes/builds'
import { Button, Group } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { read } from '../../api/queries.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { LogView } from '../../ui/log-view.tsx'
import type { ServiceParams } from './service-page.tsx'

/** Seconds back from now, or from one moment to another, or to now. */
export type Span = { duration: number } | { startTime: string; endTime?: string }

const MOST = 10_000

type PastLogProps = { params: ServiceParams; instance: string | null; span: Span }

/** What was written in a time that has passed, by instances that are gone, too. */
export function PastLog({ params, instance, span }: PastLogProps) {
  const query = useQuery(
    read(serviceLogs.logs, {
      params,
      query: { ...span, lineLimit: MOST, ...(instance !== null && { containerName: instance }) },
    }),
  )
  return (
    <Loaded query={query}>
      {(lines) => (
        <>
          <LogView
            live={false}
            lines={lines.map(({ ts, log, containerId }, key) => ({
              key,
              at: ts,
              text: log,
              instance: containerId,
            }))}
            note={noteOf(lines.length)}
            height={480}
            showInstance={instance === null}
          />
          <Group>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={14} />}
              loading={query.isFetching}
              onClick={() => void query.refetch()}
            >
              Read again
            </Button>
          </Group>
        </>
      )}
    </Loaded>
  )
}

function noteOf(count: number): string | undefined {
  if (count === 0) return 'Nothing was written in that time.'
  return count === MOST
    ? `Only the last ${MOST} lines of that time are shown. Choose a shorter one.`
    : undefined
}
