import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { holdsExpression } from '@fairway/contract/nodes/values'
import { advanceStep, isSkipped, SKIP_REASON, settled, timedOut } from './advance-step.ts'
import type { Advance, FlowDocument, LoopState, NodeError, NodeRow, NodeRows, RunFacts } from './model.ts'
import {
  busy,
  isPast,
  labelOf,
  ok,
  type Pass,
  type Reached,
  resultOf,
  startPass,
  stopped,
  wakeAt,
} from './pass.ts'
import {
  type ContainerNode,
  isContainer,
  iterationPath,
  iterationRows,
  ROOT_PATH,
  stepPath,
} from './paths.ts'

/** A run never has more rows than this, however its loops are nested. */
export const MAX_ROWS = 10_000

/**
 * Decides what a run does next. Pure: the same rows and time give the same actions; when there are none, nothing
 * changes until a step in flight answers or `wakeAt` comes.
 *
 * One walk from the root, in document order. A sequential container goes on to its next step only when the one
 * before ended in success or was skipped. Once anything has failed for good, what is under way finishes and nothing
 * else begins; containers then end from the inside out, and last the run.
 */
export function advance(document: FlowDocument, nodes: NodeRows, run: RunFacts, now: Date): Advance {
  if (run.status !== 'running' && run.status !== 'aborting')
    return { actions: [], inFlight: [], wakeAt: null }
  const pass = startPass(nodes, run, now)
  const reached = visit(pass, document.spec, ROOT_PATH, false)
  endRun(pass, run, reached)
  return resultOf(pass)
}

function endRun(pass: Pass, run: RunFacts, reached: Reached): void {
  // Everything had succeeded before the abort could reach it.
  const aborting = pass.aborting && !(reached.is === 'ok' && run.status === 'running')
  if (aborting && run.status === 'running') pass.actions.unshift({ do: 'abortRun' })
  if (reached.is === 'busy') return
  pass.wakeAt = null
  if (aborting) pass.actions.push({ do: 'finishRun', status: 'aborted', message: 'Aborted on request.' })
  else if (reached.is === 'ok') pass.actions.push({ do: 'finishRun', status: 'success', message: null })
  else pass.actions.push({ do: 'finishRun', status: 'failure', message: messageOf(reached) })
}

const messageOf = (reached: Reached): string =>
  reached.is === 'failed' ? reached.cause : 'A step was stopped.'

function visit(pass: Pass, node: FlowNode, path: string, halted: boolean): Reached {
  if (!isContainer(node)) return advanceStep(pass, node, path, halted)
  const row = pass.nodes.get(path)
  if (row === undefined) return open(pass, node, path, halted)
  switch (row.status) {
    case 'waiting':
      return open(pass, node, path, halted)
    case 'running':
    case 'aborting':
      return goOn(pass, node, row, halted)
    default:
      return settled(node, row)
  }
}

function open(pass: Pass, node: ContainerNode, path: string, halted: boolean): Reached {
  if (pass.aborting) return stopInside(pass, node, path)
  if (pass.doomed || halted) return stopped
  if (isSkipped(node)) return skipInside(pass, node, path)
  const timeoutSeconds = typeof node.timeoutDuration === 'number' ? node.timeoutDuration : null
  const resolve = mustResolve(node, pass.nodes.get(path))
  pass.actions.push({ do: 'open', path, kind: node.kind, resolve, timeoutSeconds })
  return resolve ? busy : close(pass, node, path, throughSteps(pass, node, path, halted))
}

/** A loop that is retried keeps the items it had. */
function mustResolve(node: ContainerNode, row: NodeRow | undefined): boolean {
  if (holdsExpression(node.skipNodeExecution) || holdsExpression(node.timeoutDuration)) return true
  return node.kind === 'LoopWorkflow' && itemsOf(row) === undefined
}

const itemsOf = (row: NodeRow | undefined): readonly unknown[] | undefined =>
  (row?.state as LoopState | null | undefined)?.iterations

function goOn(pass: Pass, node: ContainerNode, row: NodeRow, halted: boolean): Reached {
  const expired = isPast(row.deadlineAt, pass.now)
  const reached = throughSteps(pass, node, row.path, halted || expired)
  if (reached.is === 'busy' && !expired) wakeAt(pass, row.deadlineAt)
  return close(pass, node, row.path, expired ? late(node, row.path, reached) : reached)
}

/** What came of a container whose time is over: success still counts, everything else is its own failure. */
function late(node: ContainerNode, path: string, reached: Reached): Reached {
  if (reached.is === 'ok' || reached.is === 'busy') return reached
  const error = timedOut(labelOf(node, path))
  return { is: 'failed', cause: `${labelOf(node, path)} failed: ${error.message}`, error }
}

type Visitor = (index: number) => Reached

/** The steps of an open container. */
function throughSteps(pass: Pass, node: ContainerNode, path: string, halted: boolean): Reached {
  if (node.kind === 'LoopWorkflow') return throughLoop(pass, node, path, halted)
  const { steps, type } = node.spec
  const each: Visitor = (index) => visit(pass, steps[index] as FlowNode, stepPath(path, index), halted)
  return type === 'parallel' ? together(steps.length, each) : inTurn(pass, steps.length, each)
}

type LoopNode = Extract<FlowNode, { kind: 'LoopWorkflow' }>

function throughLoop(pass: Pass, node: LoopNode, path: string, halted: boolean): Reached {
  const items = itemsOf(pass.nodes.get(path)) ?? []
  const tooMany = expand(pass, node, path, items)
  if (tooMany !== undefined) {
    pass.doomed = true
    return { is: 'failed', cause: tooMany }
  }
  const each: Visitor = (index) => visitIteration(pass, node, iterationPath(path, index), halted)
  return node.spec.type === 'parallel' ? together(items.length, each) : inTurn(pass, items.length, each)
}

/** Asks for the rows of iterations that have none. Answers why not, when there would be too many. */
function expand(pass: Pass, node: LoopNode, path: string, items: readonly unknown[]): string | undefined {
  if (pass.aborting || items.every((_, index) => pass.nodes.has(iterationPath(path, index)))) return undefined
  const rows = items.flatMap((item, index) =>
    pass.nodes.has(iterationPath(path, index)) ? [] : iterationRows(node, path, { index, item }),
  )
  if (pass.nodes.size + rows.length > MAX_ROWS)
    return `${labelOf(node, path)} would make more than ${MAX_ROWS} steps. Loop over fewer items.`
  pass.actions.push({ do: 'expand', path, rows })
  return undefined
}

function visitIteration(pass: Pass, loop: LoopNode, path: string, halted: boolean): Reached {
  const row = pass.nodes.get(path)
  const status = row?.status ?? 'waiting'
  const node = { kind: 'LoopIteration', ref: null } as const
  if (status === 'waiting') {
    if (pass.aborting) return stopSteps(pass, loop, path)
    if (pass.doomed || halted) return stopped
    pass.actions.push({ do: 'open', path, kind: 'LoopIteration', resolve: false, timeoutSeconds: null })
  } else if (row !== undefined && status !== 'running') return settled(node, row)
  const { steps } = loop.spec
  const each: Visitor = (index) => visit(pass, steps[index] as FlowNode, stepPath(path, index), halted)
  return close(pass, node, path, inTurn(pass, steps.length, each))
}

/** One after another: the first that is not over, or not well, decides. An abort reaches all of them. */
function inTurn(pass: Pass, count: number, each: Visitor): Reached {
  if (pass.aborting) return together(count, each)
  for (let index = 0; index < count; index += 1) {
    const reached = each(index)
    if (reached.is !== 'ok') return reached
  }
  return ok
}

const severity = { ok: 0, stopped: 1, failed: 2, busy: 3 } as const

/** All at once: not over before all are; then the worst decides. */
function together(count: number, each: Visitor): Reached {
  let worst: Reached = ok
  for (let index = 0; index < count; index += 1) {
    const reached = each(index)
    if (severity[reached.is] > severity[worst.is]) worst = reached
  }
  return worst
}

/** Ends a container whose steps have ended. */
function close(pass: Pass, node: Parameters<typeof labelOf>[0], path: string, reached: Reached): Reached {
  if (reached.is !== 'busy') pass.actions.push({ do: 'finish', path, ...endOf(node, path, reached) })
  return reached
}

function endOf(
  node: Parameters<typeof labelOf>[0],
  path: string,
  reached: Reached,
): { status: 'success' | 'failure' | 'aborted'; error: NodeError | null } {
  if (reached.is === 'ok') return { status: 'success', error: null }
  if (reached.is === 'failed')
    return { status: 'failure', error: reached.error ?? { code: 'step_failed', message: reached.cause } }
  const message = `${labelOf(node, path)} was stopped before all its steps had run.`
  return { status: 'aborted', error: { code: 'aborted', message } }
}

function skipInside(pass: Pass, node: FlowNode, path: string): Reached {
  pass.actions.push({ do: 'skip', path, reason: SKIP_REASON })
  if (node.kind === 'Workflow')
    node.spec.steps.forEach((step, index) => {
      skipInside(pass, step, stepPath(path, index))
    })
  return ok
}

/** An abort reaches a container that is not open: it and whatever in it has not begun is dropped. */
function stopInside(pass: Pass, node: ContainerNode, path: string): Reached {
  if (node.kind === 'Workflow') return stopSteps(pass, node, path)
  pass.actions.push({ do: 'drop', path })
  itemsOf(pass.nodes.get(path))?.forEach((_, index) => {
    visitIteration(pass, node, iterationPath(path, index), false)
  })
  return stopped
}

function stopSteps(pass: Pass, node: ContainerNode, path: string): Reached {
  pass.actions.push({ do: 'drop', path })
  node.spec.steps.forEach((step, index) => {
    visit(pass, step, stepPath(path, index), false)
  })
  return stopped
}
