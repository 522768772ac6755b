import { updateServicePorts } from '@fairway/contract/routes/service-actions'
import {
  ActionIcon,
  Button,
  Fieldset,
  Group,
  NumberInput,
  Paper,
  Select,
  SimpleGrid,
  Switch,
  TagsInput,
  TextInput,
} from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Empty } from '../../ui/empty.tsx'
import { FormPanel } from '../../ui/form-panel.tsx'
import type { Service, ServiceParams } from './service-page.tsx'

const schema = updateServicePorts.body as NonNullable<typeof updateServicePorts.body>
type Port = z.input<typeof schema>['ports'][number]

const AT_FIELDS = ['name', 'internalPort', 'protocol', 'pathPrefix', 'domains', 'public']

/** The ports of a service and the names under which the public reaches them. */
export function PortsTab({ params, service }: { params: ServiceParams; service: Service }) {
  const mayWrite = useMay('write')
  const saved = savedOf(service)
  // What the form began with: what others save meanwhile is taken by Discard.
  const [initial] = useState(saved)
  const [shown, setShown] = useState(initial.length)
  if (!mayWrite && saved.length === 0) return <NoPort />
  return (
    <Fieldset variant="unstyled" disabled={!mayWrite} legend={mayWrite ? undefined : READ_ONLY}>
      <FormPanel
        schema={schema}
        initial={{ ports: initial }}
        action="Save"
        fields={Array.from({ length: shown }, (_, index) =>
          AT_FIELDS.map((field) => `ports.${index}.${field}`),
        ).flat()}
        run={async (body) => {
          await call(updateServicePorts, { params, body })
          notifications.show({ message: 'Saved.', color: 'green' })
          await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'services'] })
        }}
        aside={{ label: 'Discard', act: ({ replace }) => replace({ ports: saved }) }}
      >
        {({ value: { ports }, set, problem }) => {
          const change = (next: Port[]): void => {
            setShown(next.length)
            set({ ports: next })
          }
          return (
            <>
              {ports.length === 0 && <NoPort />}
              {ports.map((port, index) => (
                <PortFields
                  // biome-ignore lint/suspicious/noArrayIndexKey: the name itself is edited here.
                  key={index}
                  port={port}
                  problem={(field) => problem(`ports.${index}.${field}`)}
                  onChange={(next) => change(ports.map((one, at) => (at === index ? next : one)))}
                  onRemove={() => change(ports.filter((_, at) => at !== index))}
                />
              ))}
              <Group>
                <Button
                  variant="default"
                  leftSection={<IconPlus size={16} />}
                  onClick={() => change([...ports, newPort(ports.length)])}
                >
                  Add a port
                </Button>
              </Group>
            </>
          )
        }}
      </FormPanel>
    </Fieldset>
  )
}

const READ_ONLY = 'Your token may look at these, not change them.'

function NoPort() {
  return <Empty title="No port">Nobody reaches the service by the network.</Empty>
}

const savedOf = ({ ports }: Service): Port[] =>
  ports.map(({ id: _id, domains, ...port }) => ({
    ...port,
    domains: domains.map(({ name }) => name),
  })) as Port[]

const newPort = (count: number): Port => ({
  name: `p${count + 1}`,
  internalPort: 3000 + count,
  protocol: 'HTTP',
  public: false,
  domains: [],
  pathPrefix: '/',
  disableNfDomain: false,
})

type PortFieldsProps = {
  port: Port
  problem(field: string): string | undefined
  onChange: (next: Port) => void
  onRemove: () => void
}

function PortFields({ port, problem, onChange, onRemove }: PortFieldsProps) {
  return (
    <Paper withBorder p="md" component="fieldset" m={0}>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
        <TextInput
          label="Name"
          value={port.name}
          error={problem('name')}
          onChange={(event) => onChange({ ...port, name: event.currentTarget.value })}
        />
        <NumberInput
          label="Port"
          value={port.internalPort}
          error={problem('internalPort')}
          onChange={(value) => onChange({ ...port, internalPort: Number(value) })}
        />
        <Select
          label="Protocol"
          allowDeselect={false}
          data={['HTTP', 'HTTP/2', 'TCP', 'UDP']}
          value={port.protocol ?? 'HTTP'}
          error={problem('protocol')}
          onChange={(value) => onChange({ ...port, protocol: (value ?? 'HTTP') as Port['protocol'] })}
        />
        <TextInput
          label="Path"
          value={port.pathPrefix ?? '/'}
          error={problem('pathPrefix')}
          onChange={(event) => onChange({ ...port, pathPrefix: event.currentTarget.value })}
        />
      </SimpleGrid>
      <TagsInput
        mt="sm"
        label="Domains"
        placeholder="shop.example.com"
        value={port.domains ?? []}
        error={problem('domains')}
        onChange={(domains) => onChange({ ...port, domains })}
      />
      <Group mt="sm" justify="space-between">
        <Switch
          label="Reachable by the public"
          checked={port.public === true}
          error={problem('public')}
          onChange={(event) => onChange({ ...port, public: event.currentTarget.checked })}
        />
        {port.public === true && (
          <Switch
            label="By a generated name, too"
            checked={port.disableNfDomain !== true}
            onChange={(event) => onChange({ ...port, disableNfDomain: !event.currentTarget.checked })}
          />
        )}
        <ActionIcon variant="subtle" color="red" onClick={onRemove} aria-label={`Remove port ${port.name}`}>
          <IconTrash size={16} />
        </ActionIcon>
      </Group>
    </Paper>
  )
}
