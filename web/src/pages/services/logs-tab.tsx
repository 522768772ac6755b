import { getServiceContainers } from '@fairway/contract/routes/service-actions'
import { serviceLogStream } from '@fairway/contract/routes/streams'
import { Select, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read } from '../../api/queries.ts'
import { LiveLog } from '../../ui/live-log.tsx'
import type { ServiceParams } from './service-page.tsx'

/** What the instances write, of all of them or of one. */
export function LogsTab({ params }: { params: ServiceParams }) {
  const [instance, setInstance] = useState<string | null>(null)
  const containers = useQuery(read(getServiceContainers, { params }))
  return (
    <Stack>
      <Select
        label="Instance"
        placeholder="All instances"
        clearable
        maw={340}
        value={instance}
        onChange={setInstance}
        data={(containers.data?.containers ?? []).map(({ name, state }) => ({
          value: name,
          label: `${name.slice(0, 13)} (${state})`,
        }))}
      />
      <LiveLog
        route={serviceLogStream}
        params={params}
        query={{ follow: 'true', tail: 500, ...(instance !== null && { instance }) }}
        height={520}
      />
    </Stack>
  )
}
