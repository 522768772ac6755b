import { getServiceContainers } from '@fairway/contract/routes/service-actions'
import { serviceLogStream } from '@fairway/contract/routes/streams'
import { Select, SimpleGrid, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read } from '../../api/queries.ts'
import { LiveLog } from '../../ui/live-log.tsx'
import { PastLog, type Span } from './past-log.tsx'
import type { ServiceParams } from './service-page.tsx'

const TIMES = [
  { value: 'live', label: 'Live' },
  { value: '900', label: 'The last 15 minutes' },
  { value: '3600', label: 'The last hour' },
  { value: '86400', label: 'The last day' },
  { value: 'between', label: 'Between two moments' },
] as const
type Time = (typeof TIMES)[number]['value']

/** What the instances write, of all of them or of one, as it is written or of a time that has passed. */
export function LogsTab({ params }: { params: ServiceParams }) {
  const [instance, setInstance] = useState<string | null>(null)
  const [time, setTime] = useState<Time>('live')
  const [between, setBetween] = useState({ from: '', to: '' })
  const containers = useQuery(read(getServiceContainers, { params })).data?.containers ?? []
  const running = containers.filter(({ state }) => state !== 'gone')
  const shown = time === 'live' ? running : containers
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Select
          label="Instance"
          placeholder="All instances"
          clearable
          value={instance}
          onChange={setInstance}
          data={shown.map(({ name, state }) => ({ value: name, label: `${name.slice(0, 13)} (${state})` }))}
        />
        <Select
          label="Time"
          allowDeselect={false}
          value={time}
          onChange={(chosen) => {
            setTime(TIMES.find(({ value }) => value === chosen)?.value ?? 'live')
            // One that is gone writes nothing any more.
            setInstance(null)
          }}
          data={TIMES}
        />
        {time === 'between' &&
          (['from', 'to'] as const).map((end) => (
            <TextInput
              key={end}
              type="datetime-local"
              label={end === 'from' ? 'From' : 'To'}
              description={end === 'from' ? 'Left empty: the beginning' : 'Left empty: now'}
              value={between[end]}
              onChange={(event) => {
                const moment = event.currentTarget.value
                setBetween((before) => ({ ...before, [end]: moment }))
              }}
            />
          ))}
      </SimpleGrid>
      {time === 'live' ? (
        <LiveLog
          route={serviceLogStream}
          params={params}
          query={{ follow: 'true', tail: 500, ...(instance !== null && { instance }) }}
          height={520}
          showInstance={instance === null}
          writers={running
            .map(({ name }) => name)
            .sort()
            .join()}
        />
      ) : (
        <PastLog params={params} instance={instance} span={spanOf(time, between)} />
      )}
    </Stack>
  )
}

/** In the words of the API. Pure. */
function spanOf(time: Exclude<Time, 'live'>, { from, to }: { from: string; to: string }): Span {
  if (time !== 'between') return { duration: Number(time) }
  return {
    startTime: from === '' ? new Date(0).toISOString() : new Date(from).toISOString(),
    ...(to !== '' && { endTime: new Date(to).toISOString() }),
  }
}
