import type { FlowNode, WorkflowNode } from '@fairway/contract/nodes/kinds'
import { canMove, nodeMoves, runMoves } from '@fairway/contract/states'
import { present } from '../lib/assert.ts'
import { advance } from './advance.ts'
import type { Action, Advance, FlowDocument, NewNode, NodeRow, Outcome, RunFacts } from './model.ts'
import { nodeAt, rowsOf } from './paths.ts'
import { type NodePatch, patchOf, resetForRetry, retryRuleOf, settle } from './settle.ts'

/**
 * A run in memory, for tests: applies the actions of `advance` to rows as the engine does, and lets the test decide
 * what each step answers. Nothing here waits; the test moves `now`.
 */
export class TestRun {
  readonly rows = new Map<string, NodeRow>()
  run: RunFacts = { status: 'running', abortRequested: false }
  message: string | null = null
  now = new Date('2026-01-01T00:00:00Z')
  /** Every action applied, in order, with the time. */
  readonly log: { at: number; action: Action }[] = []
  readonly document: FlowDocument
  /** What `${...}` in skipNodeExecution comes to, by path. */
  readonly skips: ReadonlySet<string>

  constructor(
    root: WorkflowNode,
    options: Partial<FlowDocument> = {},
    skips: ReadonlySet<string> = new Set(),
  ) {
    this.document = { apiVersion: 'v1.2', ...options, spec: root }
    this.skips = skips
    for (const row of rowsOf(this.document)) this.insert(row)
  }

  plan(): Advance {
    return advance(this.document, this.rows, this.run, this.now)
  }

  /** Applies actions until there are none left. Answers the steps in flight. */
  advance(): string[] {
    for (let pass = 0; pass < 100; pass += 1) {
      const { actions, inFlight } = this.plan()
      if (actions.length === 0) return inFlight
      for (const action of actions) this.apply(action)
    }
    throw new Error('advance never comes to rest')
  }

  /** What one step answers. */
  answer(path: string, outcome: Outcome): void {
    const row = this.row(path)
    this.write(row, settle(row, outcome, retryRuleOf(this.document, this.node(path)), this.now))
  }

  /** Puts a failed run back, as a retry from the failed step does. */
  retryFailed(): void {
    for (const { path, patch } of resetForRetry(this.rows.values())) this.write(this.row(path), patch)
    this.run = { status: 'running', abortRequested: false }
  }

  later(seconds: number): void {
    this.now = new Date(this.now.getTime() + seconds * 1000)
  }

  row(path: string): NodeRow {
    return present(this.rows.get(path), `row ${path}`)
  }

  statuses(): Record<string, string> {
    return Object.fromEntries([...this.rows.values()].map((row) => [row.path, row.status]))
  }

  /** As the database's guarded writer does, refuses a move that the table of states lacks. */
  private write(row: NodeRow, patch: NodePatch): void {
    if (patch.status !== row.status && !canMove(nodeMoves, row.status, patch.status))
      throw new Error(`${row.path} may not move from ${row.status} to ${patch.status}`)
    Object.assign(row, patch)
  }

  private node(path: string): FlowNode {
    return present(nodeAt(this.document, path), `node ${path}`)
  }

  private apply(action: Action): void {
    this.log.push({ at: this.now.getTime(), action })
    switch (action.do) {
      case 'abortRun':
        this.moveRun('aborting')
        return
      case 'finishRun':
        this.moveRun(action.status)
        this.message = action.message
        return
      case 'expand':
        for (const row of action.rows) this.insert(row)
        return
      default:
        this.patch(action)
    }
  }

  private moveRun(status: RunFacts['status']): void {
    if (!canMove(runMoves, this.run.status, status))
      throw new Error(`the run may not move from ${this.run.status} to ${status}`)
    this.run = { ...this.run, status }
  }

  private patch(action: Exclude<Action, { do: 'abortRun' | 'finishRun' | 'expand' }>): void {
    const row = this.row(action.path)
    const node = this.node(action.path)
    const begins = action.do === 'start' || (action.do === 'open' && action.resolve)
    if (begins && this.skips.has(action.path)) {
      this.write(row, patchOf({ do: 'skip', path: row.path, reason: 'resolved' }, row, this.now, null))
      return
    }
    const timeout = typeof node.timeoutDuration === 'number' ? node.timeoutDuration : 3600
    const isStep = action.do === 'start' || action.do === 'retry'
    this.write(row, patchOf(action, row, this.now, isStep ? timeout : null))
    if (action.do === 'open' && action.resolve && node.kind === 'LoopWorkflow')
      row.state = { iterations: Array.isArray(node.spec.iterations) ? node.spec.iterations : [] }
  }

  private insert(row: NewNode): void {
    this.rows.set(row.path, {
      status: 'waiting',
      attempt: 0,
      input: null,
      response: null,
      error: null,
      startedAt: null,
      deadlineAt: null,
      nextAttemptAt: null,
      endedAt: null,
      ...row,
      state: row.state ?? null,
    })
  }
}

export const sequential = (...steps: FlowNode[]): WorkflowNode => ({
  kind: 'Workflow',
  spec: { type: 'sequential', steps },
})

export const parallel = (...steps: FlowNode[]): WorkflowNode => ({
  kind: 'Workflow',
  spec: { type: 'parallel', steps },
})

export const loop = (
  iterations: unknown[],
  steps: FlowNode[],
  type?: 'sequential' | 'parallel',
): Extract<FlowNode, { kind: 'LoopWorkflow' }> => ({
  kind: 'LoopWorkflow',
  spec: { iterations, steps, ...(type === undefined ? {} : { type }) },
})

/** A step without settings of its own. */
export const job = (ref?: string, extra: Partial<FlowNode> = {}): FlowNode =>
  ({ kind: 'JobRun', spec: { jobId: 'a' }, ...(ref === undefined ? {} : { ref }), ...extra }) as FlowNode
