import type { templatePlanView } from '@fairway/contract/resources/template-views'
import { Alert, Badge, Code, List, Paper, Stack, Table, Text } from '@mantine/core'
import type { z } from 'zod'

type Plan = z.output<typeof templatePlanView>
type Resource = Plan['resources'][number]

const ACTIONS: Readonly<Record<Resource['action'], { words: string; color: string }>> = {
  create: { words: 'is made', color: 'green' },
  change: { words: 'changes', color: 'blue' },
  none: { words: 'stays', color: 'gray' },
  refused: { words: 'fails', color: 'red' },
  unknown: { words: 'only the run knows', color: 'yellow' },
}

/** What a run would make, change field by field, and leave alone. */
export function PlanOfTemplate({ plan: { unchanged, resources, steps } }: { plan: Plan }) {
  return (
    <Stack gap="xs">
      {unchanged && <Text c="dimmed">A run would leave everything as it is.</Text>}
      {resources.map((resource) => (
        <Paper
          key={`${resource.projectId} ${resource.kind} ${resource.ref} ${resource.name}`}
          withBorder
          p="xs"
        >
          <Text size="sm" component="div">
            <Badge variant="light" color={ACTIONS[resource.action].color} tt="none" mr="xs">
              {ACTIONS[resource.action].words}
            </Badge>
            <b>{resource.name}</b> {resource.kind}
          </Text>
          {resource.message !== undefined && (
            <Text size="sm" mt={4}>
              {resource.message}
            </Text>
          )}
          {resource.differences.length > 0 && <Differences of={resource} />}
        </Paper>
      ))}
      {steps.length > 0 && (
        <Alert color="blue" title="It would also">
          <List size="sm">
            {steps.map((step) => (
              <List.Item key={step}>{step}</List.Item>
            ))}
          </List>
        </Alert>
      )}
    </Stack>
  )
}

function Differences({ of: { name, differences } }: { of: Resource }) {
  return (
    <Table.ScrollContainer minWidth={420} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table verticalSpacing={4} aria-label={`What changes in ${name}`}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Field</Table.Th>
            <Table.Th>Now</Table.Th>
            <Table.Th>Then</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {differences.map(({ path, from, to }) => (
            <Table.Tr key={path}>
              <Table.Td>{path}</Table.Td>
              <Table.Td>
                <Value of={from} />
              </Table.Td>
              <Table.Td>
                <Value of={to} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

const Value = ({ of }: { of: unknown }) =>
  of === undefined ? (
    <Text span size="sm" c="dimmed">
      nothing
    </Text>
  ) : (
    <Code>{JSON.stringify(of)}</Code>
  )
