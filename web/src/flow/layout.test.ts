import type { FlowNode } from '@fairway/contract/nodes/kinds'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layoutOf, type Placed } from './layout.ts'
import { allSteps, stepAt } from './steps.ts'

const leaf = fc.constantFrom<FlowNode>(
  { kind: 'JobRun', spec: { jobId: 'job' } } as FlowNode,
  { kind: 'AddonBackup', spec: { addonId: 'db' } } as FlowNode,
)
const { tree } = fc.letrec<{ tree: FlowNode; workflow: FlowNode }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, leaf, tie('workflow')),
  workflow: fc.record({
    kind: fc.constant('Workflow' as const),
    spec: fc.record({
      type: fc.constantFrom('sequential' as const, 'parallel' as const),
      steps: fc.array(tie('tree'), { maxLength: 4 }),
    }),
  }) as fc.Arbitrary<FlowNode>,
}))

const overlap = (a: Placed, b: Placed): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
const inside = (a: Placed, b: Placed): boolean =>
  a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height
const isBelow = (path: string, above: string): boolean => above === '' || path.startsWith(`${above}.`)

/** Inside what holds it, beside everything else. */
const standsRight = (one: Placed, other: Placed): boolean =>
  isBelow(other.path, one.path) || (isBelow(one.path, other.path) ? inside(one, other) : !overlap(one, other))

test('every step is placed once, inside its workflow, and over no other step', () => {
  fc.assert(
    fc.property(tree, (root) => {
      const { placed, lines } = layoutOf(root)
      expect(placed.map(({ path }) => path).sort()).toEqual(
        allSteps(root)
          .map(({ path }) => path)
          .sort(),
      )
      const pairs = placed.flatMap((one) =>
        placed.filter((other) => other !== one).map((other) => [one, other]),
      )
      for (const [one, other] of pairs) expect(standsRight(one!, other!)).toBe(true)
      for (const { from, to } of lines) {
        expect(stepAt(root, from)).toBeDefined()
        expect(stepAt(root, to)).toBeDefined()
      }
    }),
  )
})
