import { Group, HoverCard, Stack, Text } from '@mantine/core'
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import type { Container } from './instances-tab.tsx'
import { PROBE_NAMES, type Probe, type ProbeType, probesOf } from './probe.ts'

/** The probes of one instance with their last answers. */
export function ProbeAnswers({ container }: { container: Container }) {
  const probes = Object.entries(probesOf(container))
  if (probes.length === 0) {
    return (
      <Text size="xs" c="dimmed">
        none
      </Text>
    )
  }
  return (
    <Group gap="xs">
      {probes.map(([type, probe]) => (
        <OneProbe key={type} name={PROBE_NAMES[type as ProbeType] ?? type} probe={probe} />
      ))}
    </Group>
  )
}

function OneProbe({ name, probe }: { name: string; probe: Probe }) {
  const last = probe.lastAnswers?.at(-1)
  const passing = probe.passing === true
  return (
    <HoverCard width={340} shadow="md" withinPortal>
      <HoverCard.Target>
        <Group gap={4} wrap="nowrap" tabIndex={0} role="button">
          {passing ? (
            <IconCircleCheck size={16} color="var(--mantine-color-green-7)" aria-hidden />
          ) : (
            <IconCircleX size={16} color="var(--mantine-color-red-7)" aria-hidden />
          )}
          <Text size="xs">
            {name} {passing ? 'passes' : 'fails'}
            {last === undefined ? '' : `, ${last.latencyMs} ms`}
          </Text>
        </Group>
      </HoverCard.Target>
      <HoverCard.Dropdown>
        <Stack gap={4}>
          {(probe.lastAnswers ?? []).slice(-5).map(({ at, ok, response, latencyMs }) => (
            <Text key={at} size="xs" c={ok ? 'inherit' : 'red'} lineClamp={2}>
              {new Date(at).toLocaleTimeString()} · {latencyMs} ms · {response}
            </Text>
          ))}
        </Stack>
      </HoverCard.Dropdown>
    </HoverCard>
  )
}
