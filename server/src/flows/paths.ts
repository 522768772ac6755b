import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { FlowDocument, NewNode } from './model.ts'

export const ROOT_PATH = '0'

export const stepPath = (parent: string, index: number): string => `${parent}.${index}`
export const iterationPath = (loop: string, index: number): string => `${loop}#${index}`

export type ContainerNode = Extract<FlowNode, { kind: 'Workflow' | 'LoopWorkflow' }>

export const isContainer = (node: FlowNode): node is ContainerNode =>
  node.kind === 'Workflow' || node.kind === 'LoopWorkflow'

/** The rows that a run of this document begins with: every node outside loops, and the loops themselves. */
export function rowsOf(document: FlowDocument): NewNode[] {
  const rows: NewNode[] = []
  collect(document.spec, ROOT_PATH, rows)
  return rows
}

/** The rows of one iteration of a loop: the iteration itself, then its steps. */
export function iterationRows(
  loop: Extract<FlowNode, { kind: 'LoopWorkflow' }>,
  path: string,
  state: { index: number; item: unknown },
): NewNode[] {
  const own = iterationPath(path, state.index)
  const rows: NewNode[] = [{ path: own, kind: 'LoopIteration', ref: null, state }]
  loop.spec.steps.forEach((step, index) => {
    collect(step, stepPath(own, index), rows)
  })
  return rows
}

function collect(node: FlowNode, path: string, rows: NewNode[]): void {
  rows.push({ path, kind: node.kind, ref: node.ref ?? null })
  // What a loop holds is known only once its items are.
  if (node.kind !== 'Workflow') return
  node.spec.steps.forEach((step, index) => {
    collect(step, stepPath(path, index), rows)
  })
}

/** The node that stands at a row's path; for an iteration, its loop. Undefined: there is none. */
export function nodeAt(document: FlowDocument, path: string): FlowNode | undefined {
  const [root, ...rest] = path.replace(/#\d+/g, '').split('.')
  if (root !== ROOT_PATH) return undefined
  let node: FlowNode | undefined = document.spec
  for (const index of rest) {
    if (node === undefined || !isContainer(node)) return undefined
    node = node.spec.steps[Number(index)]
  }
  return node
}

/** The paths of the loop iterations that a path lies in, innermost first: "0.1#2.0#1.3" → ["0.1#2.0#1", "0.1#2"]. */
export function iterationsAround(path: string): string[] {
  const found: string[] = []
  for (const match of path.matchAll(/#\d+/g)) found.unshift(path.slice(0, match.index + match[0].length))
  return found
}

/** Where a node stands in the document as a person reads it: "0.1#2.0" → "spec.spec.steps.1.spec.steps.0". */
export function documentPath(path: string): string {
  const [, ...rest] = path.replace(/#\d+/g, '').split('.')
  return ['spec', ...rest.map((index) => `spec.steps.${index}`)].join('.')
}
