import type { Action, Advance, NodeError, NodeRow, NodeRows, RowKind, RunFacts } from './model.ts'

/** How long the cancel of a step may take before it is given up. */
export const CANCEL_SECONDS = 600

/** One call of `advance`: what it reads, and what it has decided so far. */
export type Pass = {
  readonly nodes: NodeRows
  readonly now: Date
  /** The run is being aborted: what waits is dropped, what runs is cancelled. */
  readonly aborting: boolean
  /** Something has failed for good: nothing that has not begun may begin. */
  doomed: boolean
  readonly actions: Action[]
  readonly inFlight: string[]
  wakeAt: Date | null
}

/** How far a node got. `stopped`: it ended, or will not begin, without having failed itself. */
export type Reached =
  | { is: 'ok' }
  | { is: 'busy' }
  | { is: 'stopped' }
  /** `cause` names the step that failed first, `error` is the container's own reason. */
  | { is: 'failed'; cause: string; error?: NodeError }

export const ok: Reached = { is: 'ok' }
export const busy: Reached = { is: 'busy' }
export const stopped: Reached = { is: 'stopped' }

export function startPass(nodes: NodeRows, run: RunFacts, now: Date): Pass {
  return {
    nodes,
    now,
    aborting: run.abortRequested || run.status === 'aborting',
    doomed: isDoomed(nodes, now),
    actions: [],
    inFlight: [],
    wakeAt: null,
  }
}

export const resultOf = ({ actions, inFlight, wakeAt }: Pass): Advance => ({ actions, inFlight, wakeAt })

/** Remembers that at `time` something changes by itself. */
export function wakeAt(pass: Pass, time: Date | null): void {
  if (time !== null && (pass.wakeAt === null || time < pass.wakeAt)) pass.wakeAt = time
}

export const isPast = (time: Date | null | undefined, now: Date): boolean =>
  time !== null && time !== undefined && time <= now

function isDoomed(nodes: NodeRows, now: Date): boolean {
  for (const row of nodes.values()) if (doomsRun(row, now)) return true
  return false
}

function doomsRun(row: NodeRow, now: Date): boolean {
  switch (row.status) {
    case 'failure':
    case 'invalid':
      return true
    case 'aborting':
      return row.error !== null
    case 'running':
    case 'async_wait':
    case 'approval_wait':
      return isPast(row.deadlineAt, now)
    default:
      return false
  }
}

/** How a person finds a step again: its ref, else its kind and path. */
export const labelOf = (node: { kind: RowKind; ref?: string | null | undefined }, path: string): string =>
  node.ref ? `"${node.ref}"` : `${node.kind} at ${path}`
