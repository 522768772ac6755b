import { type containerView, getServiceContainers } from '@fairway/contract/routes/service-actions'
import { Badge, Code, Group, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import { read } from '../../api/queries.ts'
import { Ago } from '../../ui/ago.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { LIVE_MS } from './live-ms.ts'
import { ProbeAnswers } from './probe-answers.tsx'
import type { ServiceParams } from './service-page.tsx'

export type Container = z.output<typeof containerView>

/** Every instance: whether it is ready, takes requests, and what its probes last answered. */
export function InstancesTab({ params }: { params: ServiceParams }) {
  const query = useQuery({ ...read(getServiceContainers, { params }), refetchInterval: LIVE_MS })
  return (
    <Loaded query={query}>
      {({ containers }) =>
        containers.length === 0 ? (
          <Empty title="No instance">Deploy a version, or scale above 0.</Empty>
        ) : (
          <Table.ScrollContainer minWidth={780}>
            <Table verticalSpacing="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Instance</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th>Health checks</Table.Th>
                  <Table.Th>Restarts</Table.Th>
                  <Table.Th>Started</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {containers.map((container) => (
                  <Row key={container.name} container={container} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )
      }
    </Loaded>
  )
}

function Row({ container }: { container: Container }) {
  const { name, status, ready, routed, draining, restarts, crashLooping, revision, createdAt } = container
  return (
    <Table.Tr>
      <Table.Td>
        <Code style={{ whiteSpace: 'nowrap' }}>{name.slice(0, 13)}</Code>
        <Text size="xs" c="dimmed">
          revision {revision.slice(0, 8)}
        </Text>
      </Table.Td>
      <Table.Td>
        <Group gap={4}>
          <StatusBadge status={status} />
          {ready && (
            <Badge variant="light" color="green" tt="none">
              ready
            </Badge>
          )}
          {routed && (
            <Badge variant="light" color="green" tt="none">
              takes requests
            </Badge>
          )}
          {draining && (
            <Badge variant="light" color="blue" tt="none">
              draining
            </Badge>
          )}
          {crashLooping && (
            <Badge variant="light" color="red" tt="none">
              crash loop
            </Badge>
          )}
        </Group>
      </Table.Td>
      <Table.Td>{container.state !== 'gone' && <ProbeAnswers container={container} />}</Table.Td>
      <Table.Td className="tabular">{restarts}</Table.Td>
      <Table.Td>
        <Ago at={new Date(createdAt * 1000).toISOString()} />
      </Table.Td>
    </Table.Tr>
  )
}
