import type { FlowNode, NodeKind } from '@fairway/contract/nodes/kinds'
import { Grid, Group, Paper, SegmentedControl, Stack, Text } from '@mantine/core'
import { useMemo, useState } from 'react'
import { CodeEditor } from '../../flow/code-editor.tsx'
import { type Format, type FoundProblem, readText } from '../../flow/document-text.ts'
import {
  insertStep,
  moveStep,
  newStep,
  placeOf,
  removeStep,
  replaceStep,
  wrapStep,
} from '../../flow/edits.ts'
import { expressionsFor } from '../../flow/expressions.ts'
import { FlowCanvas } from '../../flow/flow-canvas.tsx'
import { Inspector } from '../../flow/inspector.tsx'
import { childPath, type StepPath } from '../../flow/layout.ts'
import { Palette } from '../../flow/palette.tsx'
import { isContainer, stepAt, stepsOf } from '../../flow/steps.ts'
import type { FlowDraft } from './use-flow-draft.ts'
import { usePickers } from './use-pickers.ts'

type StepsTabProps = { params: { projectId: string; pipelineId: string }; draft: FlowDraft }

/** Canvas, inspector and text of one document, in step with each other. */
export function StepsTab({ params, draft }: StepsTabProps) {
  const [selected, select] = useState<StepPath>()
  const pickers = usePickers(params)
  const { root, problems } = draft
  return (
    <Grid>
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <Drawing draft={draft} selected={selected} onSelect={select} />
        <TextPane draft={draft} />
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <ChosenStep
          root={root}
          selected={selected}
          problems={problems}
          pickers={pickers}
          onSelect={select}
          onChange={draft.change}
        />
      </Grid.Col>
    </Grid>
  )
}

type DrawingProps = {
  draft: FlowDraft
  selected: StepPath | undefined
  onSelect: (path: StepPath | undefined) => void
}

function Drawing({ draft: { root, problems, change }, selected, onSelect }: DrawingProps) {
  const bySteps = useMemo(() => stepProblems(problems), [problems])
  return (
    <Stack mb="md">
      <Group>
        <Palette
          onAdd={(kind) => {
            const next = added(root, selected, kind)
            change(next.root)
            onSelect(next.path)
          }}
        />
        <Text size="xs" c="dimmed">
          {selected === undefined
            ? 'Goes to the end. Choose a step to add after it.'
            : 'Goes after the chosen step, or into it.'}
        </Text>
      </Group>
      <Paper withBorder>
        <FlowCanvas root={root} selected={selected} onSelect={onSelect} problems={bySteps} height={380} />
      </Paper>
    </Stack>
  )
}

function TextPane({ draft }: { draft: FlowDraft }) {
  const expressions = useMemo(() => expressionsFor(draft.document, draft.root), [draft.document, draft.root])
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" fw={650}>
          As text
        </Text>
        <SegmentedControl
          size="xs"
          aria-label="Format"
          value={draft.format}
          onChange={(value) => draft.setFormat(value as Format)}
          data={[
            { value: 'yaml', label: 'YAML' },
            { value: 'json', label: 'JSON' },
          ]}
        />
      </Group>
      <Paper withBorder h={380} style={{ overflow: 'hidden' }}>
        <CodeEditor
          text={draft.text}
          format={draft.format}
          problemsOf={(now) => readText(now).problems}
          expressions={expressions}
          onChange={draft.type}
        />
      </Paper>
    </Stack>
  )
}

const stepProblems = (problems: readonly FoundProblem[]): Map<StepPath, string> =>
  new Map(problems.flatMap(({ step, message }) => (step === undefined ? [] : [[step, message] as const])))

/** After the chosen step, into it when it holds steps, else at the end. Answers where it is then. */
function added(
  root: FlowNode,
  selected: StepPath | undefined,
  kind: NodeKind,
): { root: FlowNode; path: StepPath } {
  const at = selected === undefined ? root : stepAt(root, selected)
  const place = selected === undefined ? undefined : placeOf(selected)
  const isInside = (at !== undefined && isContainer(at)) || place === undefined
  const parent = isInside ? (selected ?? '') : place.parent
  const index = isInside ? stepsOf(at ?? root).length : place.index + 1
  return { root: insertStep(root, parent, index, newStep(kind)), path: childPath(parent, index) }
}

type ChosenStepProps = {
  root: FlowNode
  selected: StepPath | undefined
  problems: readonly FoundProblem[]
  pickers: ReturnType<typeof usePickers>
  onSelect: (path: StepPath | undefined) => void
  onChange: (root: FlowNode) => void
}

function ChosenStep({ root, selected, problems, pickers, onSelect, onChange }: ChosenStepProps) {
  const step = selected === undefined ? undefined : stepAt(root, selected)
  if (selected === undefined || step === undefined) {
    return (
      <Paper withBorder p="md">
        <Text c="dimmed">Choose a step to see and change it, or add one.</Text>
      </Paper>
    )
  }
  return (
    <Inspector
      key={`${selected} ${step.kind}`}
      step={step}
      isRoot={selected === ''}
      problem={stepProblems(problems).get(selected)}
      pickers={pickers}
      onChange={(next) => onChange(replaceStep(root, selected, next))}
      onMove={(by) => {
        const place = placeOf(selected)
        if (place === undefined) return
        onChange(moveStep(root, selected, by))
        onSelect(undefined)
      }}
      onRemove={() => {
        onSelect(undefined)
        onChange(removeStep(root, selected))
      }}
      onWrap={(type) => onChange(wrapStep(root, selected, type))}
    />
  )
}
