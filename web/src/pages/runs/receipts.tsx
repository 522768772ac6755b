import type { RolloutReceipt } from '@fairway/contract/resources/receipt'
import { getReceipt, type RunItem } from '@fairway/contract/routes/release-runs'
import { Group, List, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { memo, useMemo } from 'react'
import { read } from '../../api/queries.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { TimeChart } from '../../ui/time-chart.tsx'
import { marksOf, perSecond, seriesOf } from './receipt-series.ts'
import { ReceiptTables } from './receipt-tables.tsx'
import type { RunParams } from './run-page.tsx'

const EVERY_MS = 1_500
/** Old instances drain after a run has ended. */
const TAIL_MS = 15_000

/** What was measured while a run rolled out, one receipt a rollout. */
export const Receipts = memo(({ params, run }: { params: RunParams; run: RunItem }) => {
  const query = useQuery({
    ...read(getReceipt, { params }),
    refetchInterval: () => (goesOn(run) ? EVERY_MS : false),
  })
  return (
    <Loaded query={query}>
      {({ rollouts }) =>
        rollouts.length === 0 ? null : (
          <Stack component="section" aria-label="Receipts">
            {rollouts.map((receipt) => (
              <Receipt key={receipt.rolloutId} receipt={receipt} />
            ))}
          </Stack>
        )
      }
    </Loaded>
  )
})

const goesOn = ({ concluded, concludedAt }: RunItem): boolean =>
  !concluded || (concludedAt !== undefined && Date.now() - Date.parse(concludedAt) < TAIL_MS)

function Receipt({ receipt }: { receipt: RolloutReceipt }) {
  return (
    <Paper withBorder p="md" component="article" aria-label={`Receipt of ${receipt.serviceId}`}>
      <Stack gap="sm">
        <Group gap="xs">
          <Title order={2} size="h4">
            Receipt: {receipt.serviceId}
          </Title>
          <StatusBadge status={receipt.state} />
        </Group>
        <Totals receipt={receipt} />
        {receipt.samples.length > 0 && <Charts receipt={receipt} />}
        <ReceiptTables receipt={receipt} />
        {receipt.remarks.length > 0 && (
          <List size="xs" c="dimmed">
            {receipt.remarks.map((remark) => (
              <List.Item key={remark}>{remark}</List.Item>
            ))}
          </List>
        )}
      </Stack>
    </Paper>
  )
}

function Totals({ receipt }: { receipt: RolloutReceipt }) {
  const { requests, failures, latencyMs, durationMs, drained, cut, measuredBy } = receipt
  if (durationMs === null) {
    return <Text size="sm">{receipt.state === 'running' ? 'Measuring …' : 'Nothing was measured.'}</Text>
  }
  return (
    <Group gap="md" component="dl" m={0} style={{ columnGap: 32 }}>
      <Figure name="Requests" value={requests} />
      <Figure name="Errors" value={failures} isBad={failures !== null && failures > 0} />
      <Figure name="Latency p50" value={latencyMs && `${latencyMs.p50.toFixed(1)} ms`} />
      <Figure name="Latency p99" value={latencyMs && `${latencyMs.p99.toFixed(1)} ms`} />
      <Figure name="Longest gap" value={gapWords(receipt)} />
      <Figure name="Drained" value={drained} />
      <Figure name="Cut" value={cut} isBad={cut > 0} />
      <Figure name="Took" value={`${(durationMs / 1000).toFixed(1)} s`} />
      {measuredBy !== null && <Figure name="Measured by" value={measuredBy} />}
    </Group>
  )
}

function gapWords({ longestGapMs, gapAtMostMs }: RolloutReceipt): string | null {
  if (longestGapMs !== null) return `${longestGapMs} ms`
  return gapAtMostMs === null ? null : `at most ${gapAtMostMs} ms`
}

type FigureProps = { name: string; value: string | number | null; isBad?: boolean }

function Figure({ name, value, isBad = false }: FigureProps) {
  return (
    <div>
      <Text size="xs" c="dimmed" component="dt">
        {name}
      </Text>
      <Text size="sm" className="tabular" component="dd" m={0} fw={650} {...(isBad && { c: 'red' })}>
        {value ?? 'not known'}
      </Text>
    </div>
  )
}

function Charts({ receipt }: { receipt: RolloutReceipt }) {
  const { traffic, latency, instances, marks } = useMemo(
    () => ({
      traffic: seriesOf(receipt, {
        requests: (one) => perSecond(one.requests, one),
        errors: (one) => perSecond(one.failures, one),
      }),
      latency: seriesOf(receipt, { p50: (one) => one.p50Ms, p99: (one) => one.p99Ms }),
      instances: seriesOf(receipt, {
        'new in service': (one) => one.newRouted,
        'old in service': (one) => one.oldRouted,
        'old draining': (one) => one.oldDraining,
      }),
      marks: marksOf(receipt),
    }),
    [receipt],
  )
  const common = { isElapsed: true, marks, height: 180 }
  return (
    <div>
      <SimpleGrid cols={{ base: 1, md: 3 }}>
        <TimeChart title="Requests and errors a second" series={traffic} digits={0} {...common} />
        <TimeChart title="Latency in milliseconds" series={latency} digits={1} {...common} />
        <TimeChart title="Instances" series={instances} digits={0} {...common} />
      </SimpleGrid>
      <Text size="xs" c="dimmed" mt={4}>
        Seconds since the rollout began. Dashed lines: an instance of the new version (green) or of the old
        one (orange) became ready, took requests, drained or ended; the table below names them. An error is a
        request that the gateway could not answer or had to break off, not an answer that an instance gave
        itself.
      </Text>
    </div>
  )
}
