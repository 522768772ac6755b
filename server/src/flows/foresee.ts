import { FairwayError } from '@fairway/contract/errors'
import type { ForeseenStep, PlacedStep } from '../operations/flows/flow-rules.ts'
import type { FlowDocument, FlowNode, NodeRow } from './model.ts'
import { isContainer } from './paths.ts'
import { projectOf } from './project-context.ts'
import { resolveNode } from './resolve-node.ts'
import { blankRow } from './run-draft.ts'
import { type RunValues, scopeAt } from './scope.ts'
import { nodesOf, type Visited } from './walk.ts'

/**
 * Every step as far as it can be resolved before anything runs, in document order: what reads other steps or the item
 * of a loop keeps its expressions. Loops are not unrolled.
 */
export function foresee(document: FlowDocument, values: RunValues): ForeseenStep[] {
  const skippedBelow: string[] = []
  return nodesOf(document).flatMap(({ node, path }) => {
    const step = foreseeOne(document, { node, path }, values)
    const skipped = step.skipped || skippedBelow.some((above) => path.startsWith(`${above}.`))
    if (isContainer(node)) {
      if (step.skipped) skippedBelow.push(path)
      return []
    }
    const { known: _, ...rest } = step
    return [{ ...rest, skipped }]
  })
}

/** Answers of steps, by path, as far as they are known before anything runs. */
type Answers = Map<string, NodeRow>

/**
 * The same, one step after another, for who can tell what a step will answer: it is given back by `next`, and later
 * steps read it. Undefined: nobody knows yet.
 */
export function* foreseeEach(
  document: FlowDocument,
  values: RunValues,
  own: string | null,
): Generator<PlacedStep, void, unknown> {
  const rows: Answers = new Map()
  const skippedBelow: string[] = []
  for (const { node, path, at, inLoop } of nodesOf(document)) {
    const step = foreseeOne(document, { node, path }, values, rows)
    const skipped = step.skipped || skippedBelow.some((above) => path.startsWith(`${above}.`))
    if (isContainer(node)) {
      if (step.skipped) skippedBelow.push(path)
      continue
    }
    const known = step.known && !inLoop
    const scope = scopeAt(document, rows, path, values)
    const projectId = knownProject(document, { path, scope, own })
    const answer: unknown = yield {
      ...step,
      skipped,
      at,
      known,
      projectId,
      updateMode: 'updateMode' in node ? node.updateMode : undefined,
    }
    if (answer !== undefined) rows.set(path, answered(node, path, answer))
  }
}

/** Null also when only the run will know it. */
function knownProject(document: FlowDocument, place: Parameters<typeof projectOf>[1]): string | null {
  try {
    return projectOf(document, place)
  } catch (error) {
    if (error instanceof FairwayError) return null
    throw error
  }
}

const answered = (node: FlowNode, path: string, response: unknown): NodeRow => ({
  ...blankRow({ path, kind: node.kind, ref: node.ref ?? null }),
  status: 'success',
  response,
})

function foreseeOne(
  document: FlowDocument,
  { node, path }: Pick<Visited, 'node' | 'path'>,
  values: RunValues,
  rows: Answers = new Map(),
): ForeseenStep & { known: boolean } {
  const resolved = resolveNode(document, node, path, scopeAt(document, rows, path, values))
  return {
    kind: node.kind,
    ref: node.ref ?? null,
    path,
    // Not resolvable yet: shown as it is written.
    spec: resolved.is === 'ready' ? resolved.spec : node.spec,
    skipped: resolved.is === 'skip',
    known: resolved.is === 'ready',
  }
}
