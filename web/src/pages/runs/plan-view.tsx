import type { planView } from '@fairway/contract/routes/release-flows'
import { Alert, List, Stack, Table, Text } from '@mantine/core'
import type { z } from 'zod'
import { Version } from '../../ui/version.tsx'

type Plan = Pick<z.output<typeof planView>, 'changes' | 'steps' | 'warnings' | 'irreversible'>

/** What will change, from which version to which, and what nobody can take back. */
export function PlanView({ plan: { changes, steps, warnings, irreversible } }: { plan: Plan }) {
  return (
    <Stack gap="sm">
      {changes.length === 0 ? (
        <Text c="dimmed">No version changes.</Text>
      ) : (
        <Table.ScrollContainer minWidth={420} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>What</Table.Th>
                <Table.Th>From</Table.Th>
                <Table.Th>To</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {changes.map(({ kind, id, from, to, remark }) => (
                <Table.Tr key={`${kind}/${id}`}>
                  <Table.Td>
                    {id}
                    <Text size="xs" c="dimmed">
                      {remark ?? kind}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Version version={from} />
                  </Table.Td>
                  <Table.Td>
                    <Version version={to} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {steps.length > 0 && <Sentences title="Steps" sentences={steps} />}
      {warnings.length > 0 && (
        <Alert color="yellow" title="Before you go on">
          <Sentences sentences={warnings} />
        </Alert>
      )}
      {irreversible.length > 0 && (
        <Alert color="red" title="Cannot be undone">
          <Sentences sentences={irreversible} />
        </Alert>
      )}
    </Stack>
  )
}

function Sentences({ title, sentences }: { title?: string; sentences: readonly string[] }) {
  return (
    <div>
      {title !== undefined && (
        <Text fw={650} size="sm">
          {title}
        </Text>
      )}
      <List size="sm" spacing={2}>
        {sentences.map((sentence) => (
          <List.Item key={sentence}>{sentence}</List.Item>
        ))}
      </List>
    </div>
  )
}
