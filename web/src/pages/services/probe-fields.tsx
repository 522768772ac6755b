import type { healthCheck } from '@fairway/contract/resources/health-check'
import { ActionIcon, Group, NumberInput, Paper, Select, SimpleGrid, TextInput } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import type { z } from 'zod'
import { PROBE_NAMES } from './probe.ts'

type Check = z.input<typeof healthCheck>

const NUMBERS = [
  ['initialDelaySeconds', 'First after, seconds', 0],
  ['periodSeconds', 'Every, seconds', 10],
  ['timeoutSeconds', 'Answer within, seconds', 1],
  ['failureThreshold', 'Fails after, times', 3],
  ['successThreshold', 'Passes after, times', 1],
] as const

export const PROBE_FIELDS = ['protocol', 'path', 'port', 'cmd', ...NUMBERS.map(([field]) => field)] as const

type ProbeFieldsProps = {
  check: Check
  problem(field: string): string | undefined
  onChange: (next: Check) => void
  onRemove: () => void
}

/** The fields of one probe. */
export function ProbeFields({ check, problem, onChange, onRemove }: ProbeFieldsProps) {
  const name = PROBE_NAMES[check.type]
  return (
    <Paper withBorder p="md" component="fieldset" m={0} aria-label={`${name} probe`}>
      <Group justify="space-between" mb="sm">
        <strong>{name}</strong>
        <ActionIcon variant="subtle" color="red" onClick={onRemove} aria-label={`Remove the ${name} probe`}>
          <IconTrash size={16} />
        </ActionIcon>
      </Group>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
        <Select
          label="Protocol"
          data={['HTTP', 'TCP', 'CMD']}
          allowDeselect={false}
          value={check.protocol}
          error={problem('protocol')}
          onChange={(value) => onChange(withProtocol(check, (value ?? 'HTTP') as Check['protocol']))}
        />
        <TargetFields check={check} problem={problem} onChange={onChange} />
        {NUMBERS.map(([field, label, initial]) => (
          <NumberInput
            key={field}
            label={label}
            value={shown(check[field] ?? initial)}
            error={problem(field)}
            onChange={(value) => onChange({ ...check, [field]: numberOf(value) })}
          />
        ))}
      </SimpleGrid>
    </Paper>
  )
}

function TargetFields({ check, problem, onChange }: Omit<ProbeFieldsProps, 'onRemove'>) {
  if (check.protocol === 'CMD') {
    return (
      <TextInput
        label="Command"
        value={check.cmd ?? ''}
        error={problem('cmd')}
        onChange={(event) => onChange({ ...check, cmd: event.currentTarget.value })}
      />
    )
  }
  return (
    <>
      {check.protocol === 'HTTP' && (
        <TextInput
          label="Path"
          value={check.path ?? ''}
          error={problem('path')}
          onChange={(event) => onChange({ ...check, path: event.currentTarget.value })}
        />
      )}
      <NumberInput
        label="Port"
        value={shown(check.port)}
        error={problem('port')}
        onChange={(value) => onChange({ ...check, port: numberOf(value) })}
      />
    </>
  )
}

/** An empty field is no number, which the contract refuses. */
const numberOf = (value: number | string): number => (value === '' ? Number.NaN : Number(value))
const shown = (value: number | undefined): number | string =>
  value === undefined || Number.isNaN(value) ? '' : value

/** Fields of another protocol go: the server refuses what it would not use. */
function withProtocol(check: Check, protocol: Check['protocol']): Check {
  const { path: _path, port, cmd: _cmd, ...rest } = check
  if (protocol === 'HTTP') return { ...rest, protocol, path: '/', port: port ?? 3000 }
  return protocol === 'TCP' ? { ...rest, protocol, port: port ?? 3000 } : { ...rest, protocol, cmd: 'true' }
}
