import type { ForeseenStep } from '../operations/flows/flow-rules.ts'
import type { FlowDocument, FlowNode } from './model.ts'
import { isContainer } from './paths.ts'
import { resolveNode } from './resolve-node.ts'
import { type RunValues, scopeAt } from './scope.ts'
import { nodesOf } from './walk.ts'

/**
 * Every step as far as it can be resolved before anything runs, in document order: what reads other steps or the item
 * of a loop keeps its expressions. Loops are not unrolled.
 */
export function foresee(document: FlowDocument, values: RunValues): ForeseenStep[] {
  const skippedBelow: string[] = []
  return nodesOf(document).flatMap(({ node, path }) => {
    const step = foreseeOne(document, node, path, values)
    const skipped = step.skipped || skippedBelow.some((above) => path.startsWith(`${above}.`))
    if (isContainer(node)) {
      if (step.skipped) skippedBelow.push(path)
      return []
    }
    return [{ ...step, skipped }]
  })
}

function foreseeOne(document: FlowDocument, node: FlowNode, path: string, values: RunValues): ForeseenStep {
  const resolved = resolveNode(document, node, path, scopeAt(document, new Map(), path, values))
  return {
    kind: node.kind,
    ref: node.ref ?? null,
    path,
    // Not resolvable yet: shown as it is written.
    spec: resolved.is === 'ready' ? resolved.spec : node.spec,
    skipped: resolved.is === 'skip',
  }
}
