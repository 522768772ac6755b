import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { NodeError, NodeRow } from './model.ts'
import {
  busy,
  CANCEL_SECONDS,
  isPast,
  labelOf,
  ok,
  type Pass,
  type Reached,
  stopped,
  wakeAt,
} from './pass.ts'

/** Decides about one step that does something. `halted`: a container around it has run out of time. */
export function advanceStep(pass: Pass, node: FlowNode, path: string, halted: boolean): Reached {
  const row = pass.nodes.get(path)
  if (row === undefined) return begin(pass, node, path, halted)
  switch (row.status) {
    case 'waiting':
      return begin(pass, node, path, halted)
    case 'retrying':
      return again(pass, node, row, halted)
    case 'aborting':
      return ending(pass, node, row)
    case 'running':
    case 'async_wait':
    case 'approval_wait':
      return goOn(pass, node, row, halted)
    default:
      return settled(node, row)
  }
}

/** What an ended node, step or container, means for the one that holds it. */
export function settled(node: Parameters<typeof labelOf>[0], row: NodeRow): Reached {
  if (row.status === 'success' || row.status === 'skipped') return ok
  if (row.status === 'aborted') return stopped
  return { is: 'failed', cause: causeOf(node, row.path, row.error) }
}

const causeOf = (node: Parameters<typeof labelOf>[0], path: string, error: NodeError | null): string =>
  error?.code === 'step_failed'
    ? error.message
    : `${labelOf(node, path)} failed: ${error?.message ?? 'no reason given'}`

function begin(pass: Pass, node: FlowNode, path: string, halted: boolean): Reached {
  if (pass.aborting) {
    pass.actions.push({ do: 'drop', path })
    return stopped
  }
  if (pass.doomed || halted) return stopped
  if (isSkipped(node)) {
    pass.actions.push({ do: 'skip', path, reason: SKIP_REASON })
    return ok
  }
  const attempt = (pass.nodes.get(path)?.attempt ?? 0) + 1
  pass.actions.push({ do: 'start', path, kind: node.kind, attempt })
  return busy
}

export const SKIP_REASON = 'skipNodeExecution is true.'

export const isSkipped = (node: FlowNode): boolean =>
  node.skipNodeExecution === true || node.skipNodeExecution === 'true'

function again(pass: Pass, node: FlowNode, row: NodeRow, halted: boolean): Reached {
  if (pass.aborting || halted) cancel(pass, row, null)
  else if (row.nextAttemptAt === null || isPast(row.nextAttemptAt, pass.now))
    pass.actions.push({ do: 'retry', path: row.path, kind: node.kind, attempt: row.attempt + 1 })
  else wakeAt(pass, row.nextAttemptAt)
  return busy
}

function goOn(pass: Pass, node: FlowNode, row: NodeRow, halted: boolean): Reached {
  pass.inFlight.push(row.path)
  if (pass.aborting || halted) cancel(pass, row, null)
  else if (isPast(row.deadlineAt, pass.now)) cancel(pass, row, timedOut(labelOf(node, row.path)))
  else {
    wakeAt(pass, row.deadlineAt)
    wakeAt(pass, row.nextAttemptAt)
  }
  return busy
}

function cancel(pass: Pass, row: NodeRow, error: NodeError | null): void {
  const deadlineAt = new Date(pass.now.getTime() + CANCEL_SECONDS * 1000)
  pass.actions.push({ do: 'cancel', path: row.path, error, deadlineAt })
}

function ending(pass: Pass, node: FlowNode, row: NodeRow): Reached {
  if (!isPast(row.deadlineAt, pass.now)) {
    pass.inFlight.push(row.path)
    wakeAt(pass, row.deadlineAt)
    wakeAt(pass, row.nextAttemptAt)
    return busy
  }
  const status = row.error === null ? 'aborted' : 'failure'
  const error = row.error ?? { code: 'aborted', message: 'It was told to stop and did not answer in time.' }
  pass.actions.push({ do: 'abandon', path: row.path, status, error })
  return status === 'aborted' ? stopped : { is: 'failed', cause: causeOf(node, row.path, error) }
}

export const timedOut = (label: string): NodeError => ({
  code: 'timed_out',
  message: `${label} did not end within its time. Look at what it waited for, or raise timeoutDuration.`,
})
