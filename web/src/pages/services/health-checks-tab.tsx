import type { HealthCheck } from '@fairway/contract/resources/health-check'
import { probeTypes, healthChecks as schema } from '@fairway/contract/resources/health-check'
import { updateServiceHealthChecks } from '@fairway/contract/routes/service-actions'
import {
  ActionIcon,
  Alert,
  Button,
  Group,
  NumberInput,
  Paper,
  Select,
  SimpleGrid,
  Stack,
  TextInput,
} from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import type { ServiceParams } from './service-page.tsx'

const NAMES = { readinessProbe: 'Readiness', livenessProbe: 'Liveness', startupProbe: 'Startup' }
const NUMBERS = [
  ['initialDelaySeconds', 'First after, seconds'],
  ['periodSeconds', 'Every, seconds'],
  ['timeoutSeconds', 'Answer within, seconds'],
  ['failureThreshold', 'Fails after, times'],
  ['successThreshold', 'Passes after, times'],
] as const

/** The probes of a service, checked by the same schema as the server does before they are sent. */
export function HealthChecksTab({ params, checks }: { params: ServiceParams; checks: HealthCheck[] }) {
  const [draft, setDraft] = useState(checks)
  const parsed = schema.safeParse(draft)
  const save = useAction({
    run: () => call(updateServiceHealthChecks, { params, body: { healthChecks: draft } }),
    refresh: ['projects', params.projectId, 'services', params.serviceId],
    done: 'Saved. The instances are replaced by ones that are checked like this.',
  })
  const unused = probeTypes.filter((type) => draft.every((check) => check.type !== type))
  const change = (index: number, next: HealthCheck) =>
    setDraft(draft.map((check, at) => (at === index ? next : check)))
  return (
    <Stack>
      {draft.map((check, index) => (
        <ProbeFields
          key={check.type}
          check={check}
          onChange={(next) => change(index, next)}
          onRemove={() => setDraft(draft.filter((_, at) => at !== index))}
        />
      ))}
      <Group>
        {unused.map((type) => (
          <Button
            key={type}
            variant="default"
            leftSection={<IconPlus size={16} />}
            onClick={() => setDraft([...draft, newProbe(type)])}
          >
            {NAMES[type]}
          </Button>
        ))}
      </Group>
      {!parsed.success && (
        <Alert color="red" role="alert">
          {parsed.error.issues.map(({ path, message }) => `${path.slice(1).join('.')} ${message}`).join('; ')}
        </Alert>
      )}
      <Group>
        <Button onClick={() => save.mutate()} loading={save.isPending} disabled={!parsed.success}>
          Save
        </Button>
        <Button variant="default" onClick={() => setDraft(checks)}>
          Discard
        </Button>
      </Group>
    </Stack>
  )
}

const newProbe = (type: HealthCheck['type']): HealthCheck => ({
  type,
  protocol: 'HTTP',
  path: '/',
  port: 3000,
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  failureThreshold: 3,
  successThreshold: 1,
})

type ProbeFieldsProps = { check: HealthCheck; onChange: (next: HealthCheck) => void; onRemove: () => void }

function ProbeFields({ check, onChange, onRemove }: ProbeFieldsProps) {
  return (
    <Paper withBorder p="md" component="fieldset" m={0}>
      <Group justify="space-between" mb="sm">
        <strong>{NAMES[check.type]}</strong>
        <ActionIcon
          variant="subtle"
          color="red"
          onClick={onRemove}
          aria-label={`Remove the ${NAMES[check.type]} probe`}
        >
          <IconTrash size={16} />
        </ActionIcon>
      </Group>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
        <Select
          label="Protocol"
          data={['HTTP', 'TCP', 'CMD']}
          allowDeselect={false}
          value={check.protocol}
          onChange={(value) => onChange(withProtocol(check, (value ?? 'HTTP') as HealthCheck['protocol']))}
        />
        {check.protocol === 'HTTP' && (
          <TextInput
            label="Path"
            value={check.path ?? ''}
            onChange={(event) => onChange({ ...check, path: event.currentTarget.value })}
          />
        )}
        {check.protocol !== 'CMD' && (
          <NumberInput
            label="Port"
            value={check.port ?? ''}
            onChange={(value) => onChange({ ...check, port: Number(value) })}
          />
        )}
        {check.protocol === 'CMD' && (
          <TextInput
            label="Command"
            value={check.cmd ?? ''}
            onChange={(event) => onChange({ ...check, cmd: event.currentTarget.value })}
          />
        )}
        {NUMBERS.map(([field, label]) => (
          <NumberInput
            key={field}
            label={label}
            value={check[field]}
            onChange={(value) => onChange({ ...check, [field]: Number(value) })}
          />
        ))}
      </SimpleGrid>
    </Paper>
  )
}

/** Fields of another protocol go: the server refuses what it would not use. */
function withProtocol(check: HealthCheck, protocol: HealthCheck['protocol']): HealthCheck {
  const { path: _path, port, cmd: _cmd, ...rest } = check
  if (protocol === 'HTTP') return { ...rest, protocol, path: '/', port: port ?? 3000 }
  return protocol === 'TCP' ? { ...rest, protocol, port: port ?? 3000 } : { ...rest, protocol, cmd: 'true' }
}
