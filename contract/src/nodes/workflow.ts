import { z } from 'zod'
import type { Values } from './values.ts'

/** `steps` are nodes; the schema of a node is handed in, because it holds workflows itself. */
export const workflowSpec = <W, N>(values: Values<W>, step: z.ZodType<N>) =>
  z.strictObject({
    type: z
      .enum(['sequential', 'parallel'], { error: 'must be one of sequential, parallel' })
      .describe('sequential: each step waits for the one before; parallel: all start at once.'),
    steps: z.array(step).max(1000),
    context: workflowContext(values).optional(),
  })

export const workflowContext = <W>(values: Values<W>) =>
  z.strictObject({ projectId: values.text(200).optional() })
