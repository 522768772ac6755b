import { jobEnvironment, serviceEnvironment } from '@fairway/contract/routes/environment'
import { getProject } from '@fairway/contract/routes/projects'
import type { SecretGroupView } from '@fairway/contract/routes/secrets'
import { ActionIcon, Alert, Anchor, Badge, Group, Select, Stack, Table, Text } from '@mantine/core'
import { IconEye, IconEyeOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'

/** What one service or job receives when it starts next, value by value and from where. */
export function PreviewTab({ group }: { group: SecretGroupView }) {
  const { projectId } = group
  const mayRead = useMay('admin')
  const project = useQuery(read(getProject, { params: { projectId } }))
  const [chosen, choose] = useState<string | null>(null)
  if (!mayRead) {
    return (
      <Alert title="Values are secret">
        Your token may not read them. Sign in with a token that has the permission admin.
      </Alert>
    )
  }
  return (
    <Loaded query={project}>
      {({ services, jobs }) => {
        const options = [
          {
            group: 'Services',
            items: services.map(({ id, name }) => ({ value: `service/${id}`, label: name })),
          },
          { group: 'Jobs', items: jobs.map(({ id, name }) => ({ value: `job/${id}`, label: name })) },
        ]
        const shown = chosen ?? options.flatMap(({ items }) => items)[0]?.value
        if (shown === undefined) {
          return <Empty title="Nobody to receive it">This project has no service and no job yet.</Empty>
        }
        return (
          <Stack>
            <Select
              label="What would this receive when it starts next?"
              data={options}
              searchable
              allowDeselect={false}
              value={shown}
              onChange={choose}
              maw={420}
            />
            <Received key={shown} projectId={projectId} owner={shown} groupId={group.id} />
          </Stack>
        )
      }}
    </Loaded>
  )
}

/** The routes of services and jobs are the same but for the name of their parameter. */
function detailsOf(projectId: string, owner: string) {
  const [kind, id = ''] = owner.split('/')
  return kind === 'service'
    ? read(serviceEnvironment.getRuntimeDetails, { params: { projectId, serviceId: id } })
    : (read(jobEnvironment.getRuntimeDetails, { params: { projectId, jobId: id } }) as unknown as ReturnType<
        typeof read<typeof serviceEnvironment.getRuntimeDetails>
      >)
}

type ReceivedProps = { projectId: string; owner: string; groupId: string }

function Received({ projectId, owner, groupId }: ReceivedProps) {
  const query = useQuery({ ...detailsOf(projectId, owner), gcTime: 0, staleTime: 0 })
  return (
    <Loaded query={query}>
      {({ runtimeEnvironment, runtimeFiles }) => {
        const rows = Object.entries(runtimeEnvironment).sort(([a], [b]) => a.localeCompare(b))
        const files = Object.keys(runtimeFiles)
        if (rows.length === 0 && files.length === 0)
          return (
            <Empty title="It receives nothing">No group reaches it, and it has no values of its own.</Empty>
          )
        return (
          <>
            <Table.ScrollContainer minWidth={560}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Variable</Table.Th>
                    <Table.Th>Value</Table.Th>
                    <Table.Th>From</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {rows.map(([name, detail]) => (
                    <Row key={name} projectId={projectId} name={name} detail={detail} groupId={groupId} />
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
            {files.length > 0 && <Text size="sm">Files: {files.join(', ')}</Text>}
          </>
        )
      }}
    </Loaded>
  )
}

type Detail = { value: unknown; inheritedFrom?: string | undefined; overriding: unknown[] }
type RowProps = { projectId: string; name: string; detail: Detail; groupId: string }

function Row({ projectId, name, detail: { value, inheritedFrom, overriding }, groupId }: RowProps) {
  const hidden = overriding.map((one) => (one as { inheritedFrom?: string }).inheritedFrom ?? 'another')
  return (
    <Table.Tr>
      <Table.Td>
        <code>{name}</code>
      </Table.Td>
      <Table.Td>
        <Masked name={name} value={String(value)} />
      </Table.Td>
      <Table.Td>
        {inheritedFrom === undefined ? (
          'its own'
        ) : inheritedFrom === groupId ? (
          <Badge variant="light" tt="none">
            this group
          </Badge>
        ) : (
          <Anchor component={Link} to={`/projects/${projectId}/secrets/${inheritedFrom}`}>
            {inheritedFrom}
          </Anchor>
        )}
        {hidden.length > 0 && (
          <Text size="xs" c="dimmed">
            hides the value of {hidden.map((from) => (from === groupId ? 'this group' : from)).join(', ')}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  )
}

function Masked({ name, value }: { name: string; value: string }) {
  const [open, setOpen] = useState(false)
  return (
    <Group gap="xs" wrap="nowrap">
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`${open ? 'Hide' : 'Show'} the value of ${name}`}
        onClick={() => setOpen(!open)}
      >
        {open ? <IconEyeOff size={16} /> : <IconEye size={16} />}
      </ActionIcon>
      <Text size="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
        {open ? value : '••••••••'}
      </Text>
    </Group>
  )
}
