import { z } from 'zod'
import { description, nameOf } from '../names.ts'
import { color } from './project.ts'

/** Where tagged workloads may run: kept for clients, without effect on one host. */
const placement = {
  useSpotNodes: z.boolean().optional(),
  useOnDemandNodes: z.boolean().optional(),
  nodeAffinities: z
    .array(
      z.strictObject({
        preference: z.boolean().optional(),
        weight: z.int().min(1).max(100).optional(),
        matchExpressions: z.array(
          z.strictObject({ key: z.string(), operator: z.enum(['In', 'NotIn']), values: z.array(z.string()) }),
        ),
      }),
    )
    .optional(),
}

export const tagBody = z.strictObject({
  name: nameOf(3, 100),
  description,
  color: color.default('#57A0FF'),
  ...placement,
})
export type TagBody = z.output<typeof tagBody>

export const tagPatch = z.strictObject({
  description: z.string().max(200).optional(),
  color: color.optional(),
  ...placement,
})
export type TagPatch = z.output<typeof tagPatch>
