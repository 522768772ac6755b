import { Code, Group, Paper, Text, Title } from '@mantine/core'
import { IconCircleCheck, IconCircleDashed, IconCircleX } from '@tabler/icons-react'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import type { Container } from './instances-tab.tsx'
import { PROBE_NAMES, type Probe, type ProbeType, probesOf } from './probe.ts'

type ProbeResultsProps = {
  type: ProbeType
  /** What is asked. */
  words: string
  containers: readonly Container[]
}

/** What every instance answers to one probe. */
export function ProbeResults({ type, words, containers }: ProbeResultsProps) {
  return (
    <Paper withBorder p="md">
      <Group gap="sm" mb="xs">
        <Title order={2} size="h5">
          {PROBE_NAMES[type]}
        </Title>
        <Code>{words}</Code>
      </Group>
      {containers.length === 0 ? (
        <Text size="sm" c="dimmed">
          No instance runs, so nobody is asked.
        </Text>
      ) : (
        <DataTable
          minWidth={720}
          head={[`${PROBE_NAMES[type]} of`, 'State', 'Latency', 'Last answer', 'Asked']}
          rows={containers.map((container) => ({
            key: container.name,
            cells: cellsOf(container, probesOf(container)[type]),
          }))}
        />
      )}
    </Paper>
  )
}

function cellsOf({ name, revision, routed }: Container, probe: Probe | undefined) {
  const last = probe?.lastAnswers?.at(-1)
  return [
    <div key="instance">
      <Code style={{ whiteSpace: 'nowrap' }}>{name.slice(0, 13)}</Code>
      <Text size="xs" c="dimmed">
        revision {revision.slice(0, 8)}
        {routed ? ', takes requests' : ''}
      </Text>
    </div>,
    <State key="state" probe={probe} />,
    last === undefined ? '' : `${last.latencyMs} ms`,
    <Text
      key="answer"
      size="sm"
      c={last?.ok === false ? 'var(--mantine-color-error)' : 'inherit'}
      lineClamp={2}
    >
      {last?.response ?? ''}
    </Text>,
    last === undefined ? '' : <Ago key="asked" at={last.at} />,
  ]
}

function State({ probe }: { probe: Probe | undefined }) {
  if (probe?.lastAnswers?.at(-1) === undefined) {
    return <Words icon={<IconCircleDashed size={16} aria-hidden />}>not asked yet</Words>
  }
  return probe.passing === true ? (
    <Words icon={<IconCircleCheck size={16} color="var(--mantine-color-green-7)" aria-hidden />}>
      passes
    </Words>
  ) : (
    <Words icon={<IconCircleX size={16} color="var(--mantine-color-red-7)" aria-hidden />}>
      {`fails${probe.failures === undefined || probe.failures === 0 ? '' : `, ${probe.failures} times`}`}
    </Words>
  )
}

function Words({ icon, children }: { icon: React.ReactNode; children: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      {icon}
      <Text size="sm">{children}</Text>
    </Group>
  )
}
