import { ports as schema } from '@fairway/contract/resources/ports'
import { updateServicePorts } from '@fairway/contract/routes/service-actions'
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
  Switch,
  TagsInput,
  TextInput,
} from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import type { Service, ServiceParams } from './service-page.tsx'

type Port = {
  name: string
  internalPort: number
  protocol: 'HTTP' | 'HTTP/2' | 'TCP' | 'UDP'
  public: boolean
  domains: string[]
  pathPrefix: string
  disableNfDomain: boolean
}

/** The ports of a service and the names under which the public reaches them. */
export function PortsTab({ params, service }: { params: ServiceParams; service: Service }) {
  const saved = service.ports.map(({ id: _id, domains, ...port }) => ({
    ...port,
    domains: domains.map(({ name }) => name),
  })) as Port[]
  const [draft, setDraft] = useState(saved)
  const parsed = schema.safeParse(draft)
  const save = useAction({
    run: () => call(updateServicePorts, { params, body: { ports: draft } }),
    refresh: ['projects', params.projectId, 'services', params.serviceId],
    done: 'Saved.',
  })
  const change = (index: number, next: Port) =>
    setDraft(draft.map((port, at) => (at === index ? next : port)))
  return (
    <Stack>
      {draft.map((port, index) => (
        <PortFields
          // biome-ignore lint/suspicious/noArrayIndexKey: the name itself is edited here.
          key={index}
          port={port}
          onChange={(next) => change(index, next)}
          onRemove={() => setDraft(draft.filter((_, at) => at !== index))}
        />
      ))}
      {!parsed.success && (
        <Alert color="red" role="alert">
          {parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}
        </Alert>
      )}
      <Group>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} />}
          onClick={() => setDraft([...draft, newPort(draft.length)])}
        >
          Add a port
        </Button>
        <Button onClick={() => save.mutate()} loading={save.isPending} disabled={!parsed.success}>
          Save
        </Button>
        <Button variant="default" onClick={() => setDraft(saved)}>
          Discard
        </Button>
      </Group>
    </Stack>
  )
}

const newPort = (count: number): Port => ({
  name: `p${count + 1}`,
  internalPort: 3000 + count,
  protocol: 'HTTP',
  public: false,
  domains: [],
  pathPrefix: '/',
  disableNfDomain: false,
})

function PortFields({
  port,
  onChange,
  onRemove,
}: {
  port: Port
  onChange: (next: Port) => void
  onRemove: () => void
}) {
  return (
    <Paper withBorder p="md" component="fieldset" m={0}>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
        <TextInput
          label="Name"
          value={port.name}
          onChange={(event) => onChange({ ...port, name: event.currentTarget.value })}
        />
        <NumberInput
          label="Port"
          value={port.internalPort}
          onChange={(value) => onChange({ ...port, internalPort: Number(value) })}
        />
        <Select
          label="Protocol"
          allowDeselect={false}
          data={['HTTP', 'HTTP/2', 'TCP', 'UDP']}
          value={port.protocol}
          onChange={(value) => onChange({ ...port, protocol: (value ?? 'HTTP') as Port['protocol'] })}
        />
        <TextInput
          label="Path"
          value={port.pathPrefix}
          onChange={(event) => onChange({ ...port, pathPrefix: event.currentTarget.value })}
        />
      </SimpleGrid>
      <TagsInput
        mt="sm"
        label="Domains"
        placeholder="shop.example.com"
        value={port.domains}
        onChange={(domains) => onChange({ ...port, domains })}
      />
      <Group mt="sm" justify="space-between">
        <Switch
          label="Reachable by the public"
          checked={port.public}
          onChange={(event) => onChange({ ...port, public: event.currentTarget.checked })}
        />
        <ActionIcon variant="subtle" color="red" onClick={onRemove} aria-label={`Remove port ${port.name}`}>
          <IconTrash size={16} />
        </ActionIcon>
      </Group>
    </Paper>
  )
}
