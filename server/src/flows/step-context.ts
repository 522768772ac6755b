import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { IterationState, NodeRow, NodeRows } from './model.ts'
import type { Acted, StepContext, StepRun } from './node.ts'
import { iterationsAround } from './paths.ts'

/** The mark in a step's state that its slow part is under way. */
const ACTING = '$acting'

export const withActing = (state: unknown): unknown => ({ ...(state as object | null), [ACTING]: true })

export const isActing = (state: unknown): boolean =>
  typeof state === 'object' && state !== null && ACTING in state

export function withoutActing(state: unknown): unknown {
  if (!isActing(state)) return state ?? null
  const { [ACTING]: _, ...rest } = state as Record<string, unknown>
  return rest
}

type ContextParts = {
  run: StepRun
  row: NodeRow
  rows: NodeRows
  node: FlowNode
  spec: unknown
  acted: Acted | undefined
  now: Date
}

/** What a step is told in one pass. */
export function contextOf({
  run,
  row,
  rows,
  node,
  spec,
  acted,
  now,
}: ContextParts): StepContext<unknown, unknown> {
  const [around] = iterationsAround(row.path)
  const left = row.deadlineAt === null ? Number.POSITIVE_INFINITY : row.deadlineAt.getTime() - now.getTime()
  return {
    run,
    path: row.path,
    ref: row.ref,
    node,
    spec,
    waits: 'condition' in node && node.condition !== undefined,
    state: withoutActing(row.state),
    attempt: row.attempt,
    acted,
    secondsLeft: Math.max(0, left / 1000),
    loop: around === undefined ? undefined : (rows.get(around)?.state as IterationState | undefined),
    now,
  }
}
