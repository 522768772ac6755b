import { getServiceMetrics } from '@fairway/contract/routes/service-actions'
import { SegmentedControl, SimpleGrid, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { read } from '../../api/queries.ts'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { TimeChart } from '../../ui/time-chart.tsx'
import { type Sample, seriesOf } from './metric-series.ts'
import type { ServiceParams } from './service-page.tsx'

const SPANS = [
  { value: '900', label: '15 minutes' },
  { value: '3600', label: '1 hour' },
  { value: '21600', label: '6 hours' },
  { value: '86400', label: '1 day' },
]
const MIB = 1024 * 1024

/** Processor time, memory and restarts of each instance. */
export function MetricsTab({ params }: { params: ServiceParams }) {
  const [duration, setDuration] = useState('3600')
  const query = useQuery({
    ...read(getServiceMetrics, { params, query: { duration: Number(duration) } }),
    refetchInterval: 15_000,
  })
  return (
    <Stack>
      <SegmentedControl
        aria-label="How far back"
        data={SPANS}
        value={duration}
        onChange={setDuration}
        style={{ alignSelf: 'flex-start' }}
      />
      <Loaded query={query}>
        {({ metrics }) =>
          metrics.length === 0 ? (
            <Empty title="Nothing measured yet">
              Instances are measured every 15 seconds and kept a day.
            </Empty>
          ) : (
            <Charts metrics={metrics} />
          )
        }
      </Loaded>
    </Stack>
  )
}

function Charts({ metrics }: { metrics: readonly Sample[] }) {
  const cpu = useMemo(() => seriesOf(metrics, ({ cpuMillis }) => cpuMillis / 1000), [metrics])
  const memory = useMemo(() => seriesOf(metrics, ({ memoryBytes }) => memoryBytes / MIB), [metrics])
  const restarts = useMemo(() => seriesOf(metrics, (sample) => sample.restarts), [metrics])
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <TimeChart title="Processor, cores" series={cpu} digits={3} />
      <TimeChart title="Memory, MiB" series={memory} digits={0} />
      <TimeChart title="Restarts" series={restarts} digits={0} />
    </SimpleGrid>
  )
}
