import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { outerSpec } from './embedded-flows.ts'
import type { FlowDocument } from './model.ts'
import { documentPath, isContainer, ROOT_PATH, stepPath } from './paths.ts'

/** A node and where it stands: `path` as in rows (without iterations), `at` as a person finds it in the document. */
export type Visited = { node: FlowNode; path: string; at: string; depth: number; inLoop: boolean }

/** Every node of a document, parents before what they hold. */
export function nodesOf(document: FlowDocument): Visited[] {
  const found: Visited[] = []
  visit({ node: document.spec, path: ROOT_PATH, at: documentPath(ROOT_PATH), depth: 1, inLoop: false }, found)
  return found
}

function visit(visited: Visited, found: Visited[]): void {
  found.push(visited)
  const { node, path, depth } = visited
  if (!isContainer(node)) return
  const inLoop = visited.inLoop || node.kind === 'LoopWorkflow'
  node.spec.steps.forEach((step, index) => {
    const own = stepPath(path, index)
    visit({ node: step, path: own, at: documentPath(own), depth: depth + 1, inLoop }, found)
  })
}

/** The node without the steps that it holds: what its own expressions and limits are about. */
export const ownSpec = (node: FlowNode): unknown =>
  isContainer(node) ? { ...node.spec, steps: [] } : outerSpec(node)
