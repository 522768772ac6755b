import type { Settings } from '@fairway/contract/nodes/envelope'
import { assertNever } from '../lib/assert.ts'
import type { Action, FlowDocument, FlowNode, NodeError, NodeRow, Outcome } from './model.ts'

/** The columns that change; everything absent stays. */
export type NodePatch = Partial<Omit<NodeRow, 'path' | 'kind' | 'ref'>> & { status: NodeRow['status'] }

export type RetryRule = { maxAttempts: number; delaySeconds: number }

export const DEFAULT_RETRY: RetryRule = { maxAttempts: 3, delaySeconds: 60 }

/** How unexpected errors of a node are retried: as the node says, else as the flow says, else 3 times, 60 s apart. */
export function retryRuleOf(document: FlowDocument, node: FlowNode): RetryRule {
  const own: Settings = node.settings ?? {}
  const flow: Settings = document.settings ?? {}
  return {
    maxAttempts: own.maxAttempts ?? flow.maxAttempts ?? DEFAULT_RETRY.maxAttempts,
    delaySeconds: own.backoff?.delay ?? flow.backoff?.delay ?? DEFAULT_RETRY.delaySeconds,
  }
}

type NodeAction = Exclude<Action, { do: 'expand' | 'abortRun' | 'finishRun' }>

/** What an action writes to its row. For `start` and `retry`: `timeoutSeconds` of the resolved node. */
export function patchOf(
  action: NodeAction,
  row: NodeRow,
  now: Date,
  timeoutSeconds: number | null,
): NodePatch {
  switch (action.do) {
    case 'open':
      return begun(row, now, action.timeoutSeconds ?? timeoutSeconds)
    case 'start':
    case 'retry':
      return { ...begun(row, now, timeoutSeconds), attempt: action.attempt }
    case 'skip':
      return ended(now, 'skipped', null, { reason: action.reason })
    case 'drop':
      return ended(now, 'aborted', {
        code: 'aborted',
        message: 'The run was aborted before this step began.',
      })
    case 'finish':
    case 'abandon':
      return ended(now, action.status, action.error)
    case 'cancel':
      return { status: 'aborting', error: action.error, deadlineAt: action.deadlineAt, nextAttemptAt: null }
    default:
      return assertNever(action)
  }
}

const begun = (row: NodeRow, now: Date, timeoutSeconds: number | null): NodePatch => ({
  status: 'running',
  startedAt: row.startedAt ?? now,
  deadlineAt: timeoutSeconds === null ? null : later(now, timeoutSeconds),
  nextAttemptAt: null,
  endedAt: null,
  error: null,
})

function ended(
  now: Date,
  status: NodePatch['status'],
  error: NodeError | null,
  response?: unknown,
): NodePatch {
  const end = { status, error, endedAt: now, deadlineAt: null, nextAttemptAt: null }
  return response === undefined ? end : { ...end, response }
}

const later = (now: Date, seconds: number): Date => new Date(now.getTime() + seconds * 1000)

/** What a step's answer, or its cancel hook's, writes to its row. */
export function settle(row: NodeRow, outcome: Outcome, rule: RetryRule, now: Date): NodePatch {
  if (row.status === 'aborting') return settleCancelled(row, outcome, now)
  switch (outcome.is) {
    case 'done':
      return ended(now, 'success', null, outcome.data ?? {})
    case 'skipped':
      return ended(now, 'skipped', null, { reason: outcome.reason })
    case 'failed':
      return ended(now, 'failure', outcome.error)
    case 'waiting':
      return wait(row, outcome, now)
    case 'threw':
      return tryAgain(row, outcome.error, rule, now)
    case 'ended':
      return ended(now, 'aborted', row.error)
    case 'ending':
      throw new Error(`broken invariant: ${row.path} answered a cancel that nobody asked for`)
    default:
      return assertNever(outcome)
  }
}

function wait(row: NodeRow, outcome: Extract<Outcome, { is: 'waiting' }>, now: Date): NodePatch {
  const patch: NodePatch = {
    status: row.status === 'running' ? outcome.as : row.status,
    nextAttemptAt: new Date(now.getTime() + outcome.wakeAfterMs),
  }
  return outcome.state === undefined ? patch : { ...patch, state: outcome.state }
}

function tryAgain(row: NodeRow, error: NodeError, rule: RetryRule, now: Date): NodePatch {
  // A person's answer is awaited: nothing that a new attempt could repeat.
  if (row.status === 'approval_wait')
    return { status: row.status, nextAttemptAt: later(now, rule.delaySeconds) }
  if (row.attempt >= rule.maxAttempts) return ended(now, 'failure', error)
  return { status: 'retrying', error, deadlineAt: null, nextAttemptAt: later(now, rule.delaySeconds) }
}

const CANCEL_RETRY_SECONDS = 2

/** A step told to stop: it ends as aborted, or as failed when its deadline was the reason. */
function settleCancelled(row: NodeRow, outcome: Outcome, now: Date): NodePatch {
  switch (outcome.is) {
    case 'ended':
    case 'failed':
    case 'skipped':
      return row.error === null ? ended(now, 'aborted', ABORTED) : ended(now, 'failure', row.error)
    case 'done':
      // It was quicker than the request to stop.
      return row.error === null
        ? ended(now, 'success', null, outcome.data ?? {})
        : ended(now, 'failure', row.error)
    case 'ending':
    case 'waiting':
      return {
        status: 'aborting',
        nextAttemptAt: new Date(now.getTime() + outcome.wakeAfterMs),
        ...(outcome.state === undefined ? {} : { state: outcome.state }),
      }
    case 'threw':
      return { status: 'aborting', nextAttemptAt: later(now, CANCEL_RETRY_SECONDS) }
    default:
      return assertNever(outcome)
  }
}

const ABORTED: NodeError = { code: 'aborted', message: 'Stopped on request.' }

/** The node's spec or references do not hold: final, and no attempt is made. */
export const invalidPatch = (error: NodeError, now: Date): NodePatch => ended(now, 'failure', error)

/** The rows that a retry from the failed step puts back to waiting; what succeeded or was skipped stays. */
export function resetForRetry(rows: Iterable<NodeRow>): { path: string; patch: NodePatch }[] {
  const patch: NodePatch = {
    status: 'waiting',
    attempt: 0,
    error: null,
    startedAt: null,
    deadlineAt: null,
    nextAttemptAt: null,
    endedAt: null,
  }
  return [...rows].flatMap(({ path, status, kind }) => {
    if (status !== 'failure' && status !== 'aborted') return []
    // A step begins afresh; a loop keeps its items, an iteration its item.
    const forgets = kind !== 'LoopWorkflow' && kind !== 'LoopIteration'
    return [{ path, patch: forgets ? { ...patch, state: null, response: null } : patch }]
  })
}
