import { Group, Text } from '@mantine/core'
import { Handle, type NodeProps, Position } from '@xyflow/react'
import { memo } from 'react'
import { toneOf, wordsOf } from '../ui/status-words.ts'
import { durationWords, secondsOf } from './durations.ts'
import type { Placed } from './layout.ts'
import classes from './step-card.module.css'
import { StepIcon } from './step-icon.tsx'
import { responseOf, subjectOf, titleOf } from './steps.ts'

export type StepData = { placed: Placed; selected: boolean; problem?: string; now: Date | undefined }

/** One step on the canvas: what it does, to what, and how it is. */
export const StepCard = memo(({ data }: NodeProps) => {
  const { placed, selected, problem, now } = data as StepData
  const { node, width, height } = placed
  const response = responseOf(node)
  const tone = problem === undefined ? response && toneOf(response.status) : 'red'
  return (
    <div className={classes.card} data-tone={tone} data-selected={selected} style={{ width, height }}>
      <Handle type="target" position={Position.Left} className={classes.handle} isConnectable={false} />
      <Group gap={8} wrap="nowrap">
        <StepIcon kind={node.kind} />
        <Text fw={650} size="sm" truncate>
          {titleOf(node)}
        </Text>
        {node.ref !== undefined && (
          <Text size="xs" c="dimmed" truncate ml="auto">
            {node.ref}
          </Text>
        )}
      </Group>
      <Text size="xs" truncate title={subjectOf(node)}>
        {subjectOf(node) || ' '}
      </Text>
      <Text size="xs" c={tone === 'red' ? 'red' : 'dimmed'} truncate className="tabular">
        {problem ?? stateWords(response, now)}
      </Text>
      <Handle type="source" position={Position.Right} className={classes.handle} isConnectable={false} />
    </div>
  )
})

function stateWords(response: ReturnType<typeof responseOf>, now: Date | undefined): string {
  if (response === undefined) return ''
  const seconds = now && secondsOf(response, now)
  const attempts = response.retries?.attempts ?? 0
  return [
    wordsOf(response.status),
    ...(seconds === undefined ? [] : [durationWords(seconds)]),
    ...(attempts > 1 ? [`attempt ${attempts}`] : []),
  ].join(' · ')
}
