import { z } from 'zod'
import { orExpression, written } from './values.ts'

export const DEFAULT_TIMEOUT_SECONDS = 3600
export const MAX_TIMEOUT_SECONDS = 14_400
/** Approvals, loops and whole workflows may last longer than one step. */
export const MAX_LONG_TIMEOUT_SECONDS = 604_800

/** How often an unexpected error is answered by another attempt, and after how long (`delay` in seconds). */
export const settings = z.strictObject({
  maxAttempts: z.int().min(1).max(10).optional().describe('Attempts in all. Default 3.'),
  backoff: z
    .strictObject({ type: z.literal('fixed'), delay: z.number().min(0).max(3600) })
    .optional()
    .describe('Seconds between attempts. Default 60.'),
})
export type Settings = z.infer<typeof settings>

export const timeoutDuration = (max: number) =>
  written.integer(1, max).describe(`Seconds until the step counts as failed, 1 to ${max}.`)

const refPattern = /^[A-Za-z][A-Za-z0-9_-]*$/

export const nodeRef = z
  .string()
  .max(100)
  .regex(refPattern, 'must start with a letter and hold letters, digits, - and _')
  .describe('The name by which later steps read what this one answered: ${refs.<ref>.<field>}.')

const common = (maxTimeout: number) => ({
  ref: nodeRef.optional(),
  timeoutDuration: timeoutDuration(maxTimeout).optional(),
  skipNodeExecution: orExpression(z.union([z.boolean(), z.enum(['true', 'false'])]), 'true or false')
    .optional()
    .describe('The step is skipped when this is true.'),
  settings: settings.optional(),
})

type NodeParts<K extends string, S extends z.ZodType> = { kind: K; spec: S; maxTimeout?: number }

/** A node that has no `condition`. */
export const plainNode = <K extends string, S extends z.ZodType>(parts: NodeParts<K, S>) =>
  z.strictObject({
    kind: z.literal(parts.kind),
    ...common(parts.maxTimeout ?? MAX_TIMEOUT_SECONDS),
    spec: parts.spec,
  })

/** A node that may wait for what it started: `condition` absent means start it and go on. */
export const awaitableNode = <K extends string, C extends 'success' | 'running', S extends z.ZodType>(
  parts: NodeParts<K, S> & { condition: C },
) =>
  z.strictObject({
    kind: z.literal(parts.kind),
    condition: z
      .literal(parts.condition, { error: `must be "${parts.condition}" or left out` })
      .optional()
      .describe('Wait until this holds. Left out: start it and go on.'),
    ...common(parts.maxTimeout ?? MAX_TIMEOUT_SECONDS),
    spec: parts.spec,
  })
