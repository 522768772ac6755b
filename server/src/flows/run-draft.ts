import { isResourceNode } from '@fairway/contract/nodes/resources/kinds'
import type { NodeStatus, RunStatus } from '@fairway/contract/states'
import type { Tx } from '../db/db.ts'
import { type NewEvent, recordEvents } from '../db/events.ts'
import { insertReleaseNodes, type NodeChange, writeReleaseNodes } from '../db/release-nodes.ts'
import type { ReleaseRunRow } from '../db/release-runs.ts'
import { present } from '../lib/assert.ts'
import { withoutValues } from '../operations/templates/hidden-values.ts'
import { advance } from './advance.ts'
import type { Action, Advance, FlowDocument, NewNode, NodeRow, RunFacts } from './model.ts'
import { nodeAt } from './paths.ts'
import type { ResolvedNode } from './resolve-node.ts'
import { invalidPatch, type NodePatch, patchOf } from './settle.ts'

/** How a run may end; the shell writes it. */
export type Ending = { status: 'success' | 'failure' | 'aborted'; message: string | null }

export type DraftParts = {
  run: ReleaseRunRow
  document: FlowDocument
  rows: ReadonlyMap<string, NodeRow>
  facts: RunFacts
  now: Date
  /** Resolves the expressions of a node, given the rows so far. */
  resolve(path: string, rows: ReadonlyMap<string, NodeRow>): ResolvedNode
  mask(text: string): string
}

/**
 * The changes of one transaction, collected in memory: nothing of the session changes before it has committed.
 * Applies the actions of `advance` until it comes to rest.
 */
export class RunDraft {
  readonly rows: Map<string, NodeRow>
  facts: RunFacts
  ending: Ending | undefined
  /** The status that the run moves to without ending. */
  runMove: RunStatus | undefined
  private readonly parts: DraftParts
  private readonly inserted: NewNode[] = []
  /** By path, the statuses that it went through. */
  private readonly moves = new Map<string, [NodeStatus, ...NodeStatus[]]>()
  private readonly events: NewEvent[] = []

  constructor(parts: DraftParts) {
    this.parts = parts
    this.rows = new Map(parts.rows)
    this.facts = parts.facts
  }

  get isEmpty(): boolean {
    return this.moves.size === 0 && this.inserted.length === 0 && this.runMove === undefined && !this.ending
  }

  /** Changes one node. */
  patch(path: string, patch: NodePatch & { input?: unknown }): void {
    const row = present(this.rows.get(path), `node ${path}`)
    const next = { ...row, ...patch }
    const through = this.moves.get(path)
    if (through === undefined) this.moves.set(path, [row.status, next.status])
    else through.push(next.status)
    this.rows.set(path, next)
    if (next.status !== row.status || patch.attempt !== undefined) this.events.push(this.eventOf(next))
  }

  /** Applies what `advance` says until nothing more follows; answers its last word. */
  advance(): Advance {
    for (;;) {
      const plan = advance(this.parts.document, this.rows, this.facts, this.parts.now)
      if (plan.actions.length === 0 || this.ending !== undefined) return plan
      for (const action of plan.actions) this.apply(action)
    }
  }

  async save(tx: Tx): Promise<void> {
    const { run } = this.parts
    if (this.inserted.length > 0) await insertReleaseNodes(tx, run.id, this.inserted)
    const changes: NodeChange[] = [...this.moves].map(([path, through]) => ({
      through,
      row: present(this.rows.get(path), `node ${path}`),
    }))
    await writeReleaseNodes(tx, run.id, changes)
    await recordEvents(tx, this.events)
  }

  private apply(action: Action): void {
    switch (action.do) {
      case 'abortRun':
        this.facts = { ...this.facts, status: 'aborting' }
        this.runMove = 'aborting'
        return
      case 'finishRun':
        this.facts = { ...this.facts, status: action.status }
        this.ending = { status: action.status, message: action.message }
        return
      case 'expand':
        for (const node of action.rows) this.insert(node)
        return
      case 'start':
      case 'retry':
        this.begin(action)
        return
      case 'open':
        if (action.resolve) this.begin(action)
        else this.change(action, null)
        return
      default:
        this.change(action, null)
    }
  }

  private change(
    action: Exclude<Action, { do: 'abortRun' | 'finishRun' | 'expand' }>,
    seconds: number | null,
  ): void {
    const row = present(this.rows.get(action.path), `node ${action.path}`)
    this.patch(action.path, patchOf(action, row, this.parts.now, seconds))
  }

  /** A node begins: it turns out to be ready, skipped or invalid. */
  private begin(action: Extract<Action, { do: 'start' | 'retry' | 'open' }>): void {
    const { path } = action
    const resolved = this.parts.resolve(path, this.rows)
    if (resolved.is === 'invalid') {
      this.patch(path, { ...invalidPatch(resolved.error, this.parts.now), attempt: attemptOf(action) })
      return
    }
    if (resolved.is === 'skip') {
      this.skip(path, resolved.reason)
      return
    }
    this.change(action, resolved.timeoutSeconds)
    const row = present(this.rows.get(path), `node ${path}`)
    const shown = isResourceNode(row) ? withoutValues(resolved.spec) : resolved.spec
    const input = masked(shown, this.parts.mask)
    this.patch(path, { status: row.status, input, ...resolved.opened })
  }

  /** A skipped container skips what it holds. */
  private skip(path: string, reason: string): void {
    for (const row of [...this.rows.values()]) {
      if (row.path !== path && !row.path.startsWith(`${path}.`)) continue
      this.change({ do: 'skip', path: row.path, reason }, null)
    }
  }

  private insert(node: NewNode): void {
    this.inserted.push(node)
    this.rows.set(node.path, blankRow(node))
  }

  private eventOf(row: NodeRow): NewEvent {
    const { run } = this.parts
    const { path, kind, ref, status, attempt, error } = row
    const node = nodeAt(this.parts.document, path)
    return {
      ...(run.project_id !== null && { projectId: run.project_id }),
      topic: 'run',
      subject: run.id,
      type: `node.${status}`,
      data: { path, kind, ref: ref ?? node?.ref ?? null, status, attempt, ...(error !== null && { error }) },
    }
  }
}

const attemptOf = (action: Extract<Action, { do: 'start' | 'retry' | 'open' }>): number =>
  action.do === 'open' ? 0 : action.attempt

export const blankRow = (node: NewNode): NodeRow => ({
  path: node.path,
  kind: node.kind,
  ref: node.ref,
  status: 'waiting',
  attempt: 0,
  input: null,
  state: node.state ?? null,
  response: null,
  error: null,
  startedAt: null,
  deadlineAt: null,
  nextAttemptAt: null,
  endedAt: null,
})

/** Blanks known secrets out of every text of a value. */
export function masked(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value)
  if (Array.isArray(value)) return value.map((item) => masked(item, mask))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, mask)]))
}
