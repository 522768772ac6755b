import type { FlowDocument } from '@fairway/contract/flow'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { NodeStatus, RunStatus } from '@fairway/contract/states'

/**
 * The words that the parts of the flow engine share.
 *
 * A run has one row a node. A row's path tells where the node stands: "0" is the root, "0.1" its second step,
 * "0.1#2" the third iteration of the loop at "0.1", "0.1#2.0" the first step of that iteration.
 * A row that does not exist (yet) counts as `waiting`.
 *
 * `advance` reads the rows and says what to do, as data. The engine applies the actions in their order, runs the
 * nodes in flight, and writes what they answer with `settle`. Nothing in advance, settle, check, resolve-node or
 * expression knows the database, the clock or chance.
 */

export type NodeError = { code: string; message: string }

/** `LoopIteration` is the container of one iteration's steps: a row of ours, absent from documents. */
export type RowKind = FlowNode['kind'] | 'LoopIteration'

export type NodeRow = {
  path: string
  kind: string
  ref: string | null
  status: NodeStatus
  /** Attempts begun, the one under way included. */
  attempt: number
  /** The resolved spec. */
  input: unknown
  /** What the node remembers between passes. A loop: `LoopState`. An iteration: `IterationState`. */
  state: unknown
  /** What later nodes read of it. */
  response: unknown
  error: NodeError | null
  startedAt: Date | null
  /** When it fails (in flight), or is given up (aborting). */
  deadlineAt: Date | null
  /** `retrying`: when the next attempt begins. `async_wait`: when to look again. */
  nextAttemptAt: Date | null
  endedAt: Date | null
}

export type NewNode = { path: string; kind: RowKind; ref: string | null; state?: unknown }

/** State of an opened `LoopWorkflow`. */
export type LoopState = { iterations: readonly unknown[] }
/** State of a `LoopIteration`: what `${loop.item}` and `${loop.index}` read. */
export type IterationState = { item: unknown; index: number }

export type RunFacts = { status: RunStatus; abortRequested: boolean }

export type NodeRows = ReadonlyMap<string, NodeRow>

/**
 * What the engine has to do: nothing but changes of rows, so all of it may be applied in one transaction, in this
 * order. `patchOf` (settle.ts) says what each one writes. Steps begin to act because they are then in flight.
 */
export type Action =
  /** A container begins: waiting → running. With `resolve`, first resolve the node (resolve-node.ts): it may turn
   *  out to be skipped or invalid, and a loop gets its iterations (state: `LoopState`). */
  | { do: 'open'; path: string; kind: RowKind; resolve: boolean; timeoutSeconds: number | null }
  /** Insert these rows: the iterations of a loop and all their steps. */
  | { do: 'expand'; path: string; rows: readonly NewNode[] }
  /** A step begins: waiting → running. Resolve it first: it may turn out to be skipped or invalid. */
  | { do: 'start'; path: string; kind: RowKind; attempt: number }
  /** The next attempt of a step is due: retrying → running. */
  | { do: 'retry'; path: string; kind: RowKind; attempt: number }
  /** waiting → skipped. A skipped container skips what it holds. */
  | { do: 'skip'; path: string; reason: string }
  /** A container ends. */
  | { do: 'finish'; path: string; status: 'success' | 'failure' | 'aborted'; error: NodeError | null }
  /** A step in flight shall stop: → aborting until its cancel hook says that it ended. With `error` (its deadline
   *  passed) it then ends as a failure with that error, without as aborted. See `settle`. */
  | { do: 'cancel'; path: string; error: NodeError | null; deadlineAt: Date }
  /** A cancel that never ended: aborting → failure or aborted, without waiting any longer. */
  | { do: 'abandon'; path: string; status: 'failure' | 'aborted'; error: NodeError }
  /** An abort reaches a step that never began: waiting → aborted. */
  | { do: 'drop'; path: string }
  /** The run is being aborted: running → aborting. */
  | { do: 'abortRun' }
  | { do: 'finishRun'; status: 'success' | 'failure' | 'aborted'; message: string | null }

export type Advance = {
  /** Empty: nothing changes until a node in flight answers or the time comes. */
  actions: Action[]
  /** Steps under way (running, async_wait, approval_wait, aborting), in document order: the engine lets each look. */
  inFlight: string[]
  /** The next moment at which time alone changes something. */
  wakeAt: Date | null
}

/** What an executor answers. A thrown error is unexpected and is retried. */
export type NodeResult =
  | { is: 'done'; data: unknown }
  | { is: 'waiting'; wakeAfterMs: number; state?: unknown; as: 'async_wait' | 'approval_wait' }
  | { is: 'failed'; error: NodeError }
  /** The step had nothing to do, for instance build rules that reject the commit. Never after `approval_wait`. */
  | { is: 'skipped'; reason: string }

export const done = (data: unknown = {}): NodeResult => ({ is: 'done', data })

export const waiting = (request: {
  wakeAfterMs: number
  state?: unknown
  as?: 'async_wait' | 'approval_wait'
}): NodeResult => ({
  is: 'waiting',
  wakeAfterMs: request.wakeAfterMs,
  as: request.as ?? 'async_wait',
  ...(request.state === undefined ? {} : { state: request.state }),
})

/** A definite "no": final, never retried. */
export const failed = (code: string, message: string): NodeResult => ({
  is: 'failed',
  error: { code, message },
})

export const skipped = (reason: string): NodeResult => ({ is: 'skipped', reason })

/** What a cancel hook answers: `ended` once nothing of the node runs any more. */
export type CancelResult = { is: 'ended' } | { is: 'ending'; wakeAfterMs: number; state?: unknown }

/** What became of a node in one pass. */
export type Outcome = NodeResult | CancelResult | { is: 'threw'; error: NodeError }

export type { FlowDocument, FlowNode }
