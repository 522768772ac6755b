import { z } from 'zod'
import type { Values } from './values.ts'
import { workflowContext } from './workflow.ts'

export const MAX_ITERATIONS = 500

/** Runs its steps, one after another, once for each item. */
export const loopWorkflowSpec = <W, N>(values: Values<W>, step: z.ZodType<N>) =>
  z.strictObject({
    type: z
      .enum(['sequential', 'parallel'], { error: 'must be one of sequential, parallel' })
      .optional()
      .describe('parallel: all iterations at once. Left out: one after another.'),
    iterations: values
      .list(z.json(), MAX_ITERATIONS)
      .describe(
        'The items, or one expression that gives an array. A step reads ${loop.item} and ${loop.index}.',
      ),
    steps: z.array(step).max(1000),
    context: workflowContext(values).optional(),
  })
