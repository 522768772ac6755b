import type { FlowNode, WorkflowNode } from '@fairway/contract/nodes/kinds'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkReferences } from './check-references.ts'
import type { FlowDocument } from './model.ts'
import { done } from './model.ts'
import { nodeAt } from './paths.ts'
import { type ResolvedNode, resolveNode } from './resolve-node.ts'
import { scopeAt } from './scope.ts'
import { values } from './test-check.ts'
import { TestRun } from './test-run.ts'
import { nodesOf } from './walk.ts'

/** Random trees whose steps each read one of the first twelve, by the names that `named` gives. */
const { node } = fc.letrec<{ node: FlowNode; step: FlowNode; workflow: FlowNode; loop: FlowNode }>((tie) => ({
  node: fc.oneof({ maxDepth: 3, depthIdentifier: 'flow' }, tie('step'), tie('workflow'), tie('loop')),
  step: fc.nat(11).map((reads) => ({ kind: 'JobRun', spec: { jobId: `\${refs.n${reads}.id}` } }) as FlowNode),
  workflow: fc
    .tuple(
      fc.constantFrom('sequential', 'parallel'),
      fc.array(tie('node'), { maxLength: 3, depthIdentifier: 'flow' }),
    )
    .map(([type, steps]) => ({ kind: 'Workflow', spec: { type, steps } }) as FlowNode),
  loop: fc
    .tuple(
      fc.constantFrom('sequential', 'parallel'),
      fc.integer({ min: 1, max: 2 }),
      fc.array(tie('node'), { maxLength: 3, depthIdentifier: 'flow' }),
    )
    .map(
      ([type, count, steps]) =>
        ({ kind: 'LoopWorkflow', spec: { type, iterations: Array(count).fill('x'), steps } }) as FlowNode,
    ),
}))

const tree = fc
  .tuple(fc.constantFrom('sequential', 'parallel'), fc.array(node, { minLength: 1, maxLength: 4 }))
  .map(([type, steps]) => ({ kind: 'Workflow', spec: { type, steps } }) as WorkflowNode)

/** The steps named in the order of the document: n0, n1, … */
function named(root: WorkflowNode): FlowDocument {
  const document: FlowDocument = { apiVersion: 'v1.2', spec: structuredClone(root) }
  const steps = nodesOf(document).filter(({ node: step }) => step.kind === 'JobRun')
  steps.forEach(({ node: step }, index) => {
    step.ref = `n${index}`
  })
  return document
}

/** Runs to the end, each step resolved once as it begins; `pick` says which of those in flight answers next. */
function drive(
  run: TestRun,
  pick: (inFlight: readonly string[]) => string,
  look: (resolved: ResolvedNode) => void,
): void {
  const begun = new Set<string>()
  for (let inFlight = run.advance(); inFlight.length > 0; inFlight = run.advance()) {
    for (const path of inFlight.filter((candidate) => !begun.has(candidate))) {
      begun.add(path)
      const scope = scopeAt(run.document, run.rows, path, values)
      look(resolveNode(run.document, nodeAt(run.document, path) as FlowNode, path, scope))
    }
    const next = pick(inFlight)
    run.answer(next, done({ id: `id of ${next}` }))
  }
  expect(run.run.status).toBe('success')
}

/** The document without what the check refuses. */
function withoutRefused(document: FlowDocument): FlowDocument {
  const refused = new Set(checkReferences(document, nodesOf(document)).map(({ path }) => path))
  for (const { node: step, at } of nodesOf(document))
    if (step.kind === 'JobRun' && refused.has(`${at}.spec.jobId`)) step.spec.jobId = 'plain'
  expect(checkReferences(document, nodesOf(document))).toEqual([])
  return document
}

test('what the check accepts resolves when the step begins, whatever the order of the answers', () => {
  let resolvedRefs = 0
  fc.assert(
    fc.property(tree, fc.infiniteStream(fc.nat(1000)), (root, stream) => {
      const run = new TestRun(withoutRefused(named(root)).spec)
      const pick = (inFlight: readonly string[]): string =>
        inFlight[(stream.next().value as number) % inFlight.length] as string
      drive(run, pick, (resolved) => {
        expect(resolved.is).toBe('ready')
        if ((resolved as { spec: { jobId: string } }).spec.jobId !== 'plain') resolvedRefs += 1
      })
    }),
    { numRuns: 400 },
  )
  // The property says nothing if the check refuses everything.
  expect(resolvedRefs).toBeGreaterThan(100)
})

test('what the check refuses does not resolve when the step begins', () => {
  fc.assert(
    fc.property(tree, (root) => {
      const document = named(root)
      // Whether a parallel step has answered by then is a matter of luck.
      const refused = checkReferences(document, nodesOf(document)).filter(
        ({ rule }) => !rule.includes('in parallel'),
      )
      fc.pre(refused.length > 0)
      const unresolved = new Set<string>()
      drive(
        new TestRun(document.spec),
        (inFlight) => inFlight.at(-1) as string,
        (resolved) => {
          if (resolved.is === 'invalid') for (const { path } of resolved.problems) unresolved.add(path)
        },
      )
      for (const { path } of refused) expect(unresolved).toContain(path)
    }),
    { numRuns: 400 },
  )
})
