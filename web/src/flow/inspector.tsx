import { type FlowNode, kindOf } from '@fairway/contract/nodes/kinds'
import { Alert, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { IconArrowLeft, IconArrowRight, IconTrash } from '@tabler/icons-react'
import { useMemo } from 'react'
import { z } from 'zod'
import { type JsonSchema, type Pickers, SchemaForm } from './schema-form.tsx'
import { isContainer, titleOf } from './steps.ts'

type InspectorProps = {
  step: FlowNode
  isRoot: boolean
  problem: string | undefined
  pickers: Pickers
  onChange: (step: FlowNode) => void
  onMove: (by: -1 | 1) => void
  onRemove: () => void
  onWrap: (type: 'sequential' | 'parallel') => void
}

/** Everything of one step, as a form made from the schema of its kind. */
export function Inspector({
  step,
  isRoot,
  problem,
  pickers,
  onChange,
  onMove,
  onRemove,
  onWrap,
}: InspectorProps) {
  const schema = useMemo(() => formSchemaOf(step.kind), [step.kind])
  return (
    <Paper withBorder p="md" component="section" aria-label="Step">
      <Stack gap="sm">
        <Title order={2} size="h4">
          {titleOf(step)}
        </Title>
        <Text size="sm" c="dimmed">
          {kindOf(step.kind)?.doc}
        </Text>
        {problem !== undefined && (
          <Alert color="red" role="alert" p="xs">
            {problem}
          </Alert>
        )}
        {!isRoot && (
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={() => onMove(-1)} aria-label="Move earlier">
              <IconArrowLeft size={14} />
            </Button>
            <Button size="xs" variant="default" onClick={() => onMove(1)} aria-label="Move later">
              <IconArrowRight size={14} />
            </Button>
            <Button size="xs" variant="default" onClick={() => onWrap('parallel')}>
              Add neighbours in parallel
            </Button>
            <Button
              size="xs"
              variant="default"
              color="red"
              onClick={onRemove}
              leftSection={<IconTrash size={14} />}
            >
              Remove
            </Button>
          </Group>
        )}
        <SchemaForm
          schema={schema}
          value={withoutSteps(step)}
          pickers={pickers}
          onChange={(value) => onChange(withSteps(step, value))}
        />
      </Stack>
    </Paper>
  )
}

/** The node's schema as a form shows it: steps are edited on the canvas. */
function formSchemaOf(kind: string): JsonSchema {
  const node = kindOf(kind)?.node
  if (node === undefined) return {}
  const all = z.toJSONSchema(node, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    cycles: 'ref',
  }) as JsonSchema
  const { kind: _kind, spec, ...properties } = all.properties ?? {}
  const { steps: _steps, ...specProperties } = spec?.properties ?? {}
  const shown = spec?.properties === undefined ? spec : { ...spec, properties: specProperties }
  return { ...all, properties: { ...(shown !== undefined && { spec: shown }), ...properties } }
}

function withoutSteps(step: FlowNode): unknown {
  if (!isContainer(step)) return step
  const { steps: _steps, ...spec } = step.spec
  return { ...step, spec }
}

function withSteps(step: FlowNode, value: unknown): FlowNode {
  const changed = value as FlowNode
  return isContainer(step)
    ? ({ ...changed, spec: { ...(changed.spec as object), steps: step.spec.steps } } as FlowNode)
    : changed
}
