import type { Tx } from '../db/db.ts'
import { flowOf, isAbortRequested, moveRun, type ReleaseRunRow } from '../db/release-runs.ts'
import { currentSeq, type WorkItem, withLease } from '../db/work.ts'
import { present } from '../lib/assert.ts'
import { concludeRun, recordRunEvent } from '../operations/runs/conclude.ts'
import type { RunValues } from '../operations/runs/run-values.ts'
import { readStageState } from '../operations/runs/stage-state.ts'
import { Acts } from './acts.ts'
import type { EngineDeps } from './engine.ts'
import type { FlowDocument, NodeRow, Outcome, RunFacts } from './model.ts'
import type { Acted, NodeWork, StepContext, StepResult } from './node.ts'
import { workOf } from './nodes/registry.ts'
import { concernsWholePass, outcomeOf } from './outcome.ts'
import { nodeAt } from './paths.ts'
import { projectOf } from './project-context.ts'
import { type ResolvedNode, resolveNode } from './resolve-node.ts'
import { RunDraft } from './run-draft.ts'
import { scopeAt } from './scope.ts'
import { retryRuleOf, settle } from './settle.ts'
import { contextOf, isActing, withActing, withoutActing } from './step-context.ts'

/** While work on the world is under way, how often the session looks for requests. */
const LOOK_MS = 250
/** How soon a step that is being stopped looks again. */
const STOPPING_MS = 100

type SessionParts = {
  item: WorkItem
  run: ReleaseRunRow
  values: RunValues
  nodes: readonly NodeRow[]
  signal: AbortSignal
}

/** One pass over one run, from being woken to coming to rest. */
export class RunSession {
  private readonly deps: EngineDeps
  private readonly item: WorkItem
  private readonly run: ReleaseRunRow
  private readonly document: FlowDocument
  private readonly values: RunValues
  private readonly signal: AbortSignal
  private readonly acts = new Acts()
  private readonly specs = new Map<string, unknown>()
  private rows: ReadonlyMap<string, NodeRow>
  private facts: RunFacts
  private seq: number
  private noticedAt = performance.now()
  /** Steps that look although their time has not come: the run was woken. */
  private woken: Set<string>

  constructor(deps: EngineDeps, { item, run, values, nodes, signal }: SessionParts) {
    this.deps = deps
    this.item = item
    this.run = run
    this.document = run.document
    this.values = values
    this.signal = signal
    this.seq = item.seq
    this.rows = new Map(nodes.map((row) => [row.path, row]))
    this.facts = { status: run.status, abortRequested: run.abort_requested }
    this.woken = new Set(this.rows.keys())
  }

  async work(): Promise<{ wakeAfterMs: number | null }> {
    try {
      for (;;) {
        const plan = await this.advance()
        if (plan === undefined) return { wakeAfterMs: null }
        if (this.signal.aborted) return { wakeAfterMs: 0 }
        const due = plan.inFlight.filter((path) => this.isDue(path))
        if (due.length > 0) await this.look(due)
        else if (this.acts.size > 0) await this.waitForActs(plan.wakeAt)
        else return { wakeAfterMs: this.msUntil(plan.wakeAt) }
      }
    } finally {
      await this.acts.close()
    }
  }

  /** Lets each of these steps look, one transaction each. */
  private async look(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      if (!isOpen(this.facts)) return
      // A look of another step may have ended or stopped this one.
      if (this.isDue(path)) await this.lookAt(path)
      this.woken.delete(path)
    }
    await this.notice()
  }

  private isDue(path: string): boolean {
    const row = this.rows.get(path)
    if (row === undefined || !UNDER_WAY.has(row.status)) return false
    if (this.acts.has(path) && row.status !== 'aborting') return this.acts.ended().includes(path)
    if (row.nextAttemptAt === null || this.woken.has(path)) return true
    return row.nextAttemptAt <= this.deps.clock.now()
  }

  /** Applies what follows by itself. Undefined: the run has ended. */
  private async advance() {
    const draft = this.draft()
    const plan = draft.advance()
    if (!draft.isEmpty) {
      await this.commit(draft)
      this.deps.crash.hit('release-run.after-actions')
    }
    return draft.ending === undefined && isOpen(this.facts) ? plan : undefined
  }

  private async lookAt(path: string): Promise<void> {
    const before = present(this.rows.get(path), `node ${path}`)
    if (before.status === 'aborting' && this.acts.has(path)) {
      await this.stopAct(path, before)
      return
    }
    const end = this.acts.take(path)
    const acted = actedOf(before, end)
    let act: { state: unknown } | undefined
    const draft = this.draft()
    try {
      await withLease(this.deps.db, this.item, async (tx) => {
        const result = end?.is === 'error' ? end.outcome : await this.perform(tx, before, acted)
        if (result.is === 'act') act = result
        this.settle(draft, before, asOutcome(result))
        await this.write(tx, draft)
      })
    } catch (error) {
      if (concernsWholePass(error)) throw error
      await this.recordError(before, error)
      return
    }
    this.take(draft)
    this.deps.crash.hit('release-run.after-step')
    if (act !== undefined) this.launch(path)
  }

  private async perform(tx: Tx, row: NodeRow, acted: Acted | undefined): Promise<StepResult | Outcome> {
    const work = this.workOf(row)
    const context = this.context(row, acted)
    if (row.status === 'aborting') return (await work.cancel?.(tx, context, this.deps)) ?? { is: 'ended' }
    const result = await work.step(tx, context, this.deps)
    this.deps.crash.hit('release-run.before-step-commit')
    return result
  }

  private settle(draft: RunDraft, row: NodeRow, outcome: Outcome): void {
    const node = present(nodeAt(this.document, row.path), `node ${row.path}`)
    const now = this.deps.clock.now()
    // The slow part, if there was one, is over: the mark goes with whatever became of it.
    const state = withoutActing(row.state)
    draft.patch(row.path, { state, ...settle(row, outcome, retryRuleOf(this.document, node), now) })
    draft.advance()
  }

  private async recordError(row: NodeRow, error: unknown): Promise<void> {
    this.deps.log.warn({ err: error, run: this.run.id, path: row.path }, 'a step of a release run failed')
    const draft = this.draft()
    this.settle(
      draft,
      row,
      outcomeOf(error, (text) => this.deps.mask(text)),
    )
    await this.commit(draft)
  }

  /** Begins the slow part of a step. It ends with the session, which holds the lease as long as it lasts. */
  private launch(path: string): void {
    const row = present(this.rows.get(path), `node ${path}`)
    const work = this.workOf(row)
    const context = this.context(row, undefined)
    const { deps } = this
    this.acts.start(path, async (signal) => {
      deps.crash.hit('release-run.before-act')
      try {
        const value = await work.act?.(context, deps, signal)
        deps.crash.hit('release-run.after-act')
        return { is: 'answer', value }
      } catch (error) {
        return { is: 'error', outcome: outcomeOf(error, (text) => deps.mask(text)) }
      }
    })
  }

  private async stopAct(path: string, row: NodeRow): Promise<void> {
    this.acts.stop(path)
    if (this.acts.take(path) !== undefined) return
    const draft = this.draft()
    this.settle(draft, row, { is: 'ending', wakeAfterMs: STOPPING_MS })
    await this.commit(draft)
  }

  private async waitForActs(wakeAt: Date | null): Promise<void> {
    await this.acts.next(Math.min(LOOK_MS, this.msUntil(wakeAt) ?? LOOK_MS), this.signal)
    await this.notice()
  }

  /** Somebody asked for this run again: it is aborted, or something that a step waits for has concluded. */
  private async notice(): Promise<void> {
    const now = performance.now()
    if (now - this.noticedAt < LOOK_MS / 2) return
    this.noticedAt = now
    const seq = await currentSeq(this.deps.db, this.item)
    if (seq === this.seq) return
    this.seq = seq
    this.woken = new Set(this.rows.keys())
    this.facts = { ...this.facts, abortRequested: await isAbortRequested(this.deps.db, this.run.id) }
  }

  private async commit(draft: RunDraft): Promise<void> {
    await withLease(this.deps.db, this.item, (tx) => this.write(tx, draft))
    this.take(draft)
  }

  private async write(tx: Tx, draft: RunDraft): Promise<void> {
    await draft.save(tx)
    if (draft.runMove !== undefined && (await moveRun(tx, this.run.id, { to: draft.runMove })))
      await recordRunEvent(tx, this.run, draft.runMove)
    if (draft.ending === undefined) return
    const { status, message } = draft.ending
    const flow = flowOf(this.run)
    const version = { id: this.run.id, flowVersion: this.run.flow_version }
    const stage = flow === undefined ? {} : { stageAfter: await readStageState(tx, flow, version) }
    await concludeRun(tx, this.run, { to: status, message, at: this.deps.clock.now(), ...stage })
    this.deps.crash.hit('release-run.before-conclude')
  }

  /** The draft has been committed: it is now what the session knows. */
  private take(draft: RunDraft): void {
    this.rows = draft.rows
    this.facts = draft.facts
    if (draft.ending !== undefined) this.deps.crash.hit('release-run.after-conclude')
  }

  private draft(): RunDraft {
    return new RunDraft({
      run: this.run,
      document: this.document,
      rows: this.rows,
      facts: this.facts,
      now: this.deps.clock.now(),
      resolve: (path, rows) => this.resolve(path, rows),
      mask: (text) => this.deps.mask(text),
    })
  }

  private resolve(path: string, rows: ReadonlyMap<string, NodeRow>): ResolvedNode {
    const node = present(nodeAt(this.document, path), `node ${path}`)
    const resolved = resolveNode(this.document, node, path, scopeAt(this.document, rows, path, this.values))
    if (resolved.is === 'ready') this.specs.set(path, resolved.spec)
    return resolved
  }

  private context(row: NodeRow, acted: Acted | undefined): StepContext<unknown, unknown> {
    const spec = this.specs.get(row.path) ?? this.specAgain(row)
    const node = present(nodeAt(this.document, row.path), `node ${row.path}`)
    const project_id = this.projectAt(row.path) ?? ''
    const run = { ...this.run, project_id }
    return contextOf({ run, row, rows: this.rows, node, spec, acted, now: this.deps.clock.now() })
  }

  /** A flow works in its own project; a template says where, for all or for each. */
  private projectAt(path: string): string | null {
    if (this.run.template_uid === null) return this.run.project_id
    const scope = scopeAt(this.document, this.rows, path, this.values)
    return projectOf(this.document, { path, scope, own: this.run.project_id })
  }

  /** Only a masked copy is stored; expressions give the same values again. */
  private specAgain(row: NodeRow): unknown {
    const resolved = this.resolve(row.path, this.rows)
    return resolved.is === 'ready' ? resolved.spec : row.input
  }

  private workOf(row: NodeRow): NodeWork {
    return workOf(row.kind)
  }

  private msUntil(time: Date | null): number | null {
    return time === null ? null : Math.max(0, time.getTime() - this.deps.clock.now().getTime())
  }
}

const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'async_wait', 'approval_wait', 'aborting'])

const isOpen = ({ status }: RunFacts): boolean => status === 'running' || status === 'aborting'

/** After a restart a step whose slow part was under way is told that it was lost. */
function actedOf(row: NodeRow, end: ReturnType<Acts['take']>): Acted | undefined {
  if (end !== undefined) return end.is === 'answer' ? end : undefined
  return isActing(row.state) ? { is: 'lost' } : undefined
}

/** A step that acts waits for itself; its deadline and an abort still reach it. */
function asOutcome(result: StepResult | Outcome): Outcome {
  if (result.is !== 'act') return result
  return { is: 'waiting', as: 'async_wait', wakeAfterMs: ACTING_MS, state: withActing(result.state) }
}

const ACTING_MS = 24 * 3_600_000
