import { z } from 'zod'
import { description, nameOf } from '../names.ts'

export const color = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #57A0FF')

const networking = z
  .strictObject({ allowedIngressProjects: z.array(z.string()).max(100).optional() })
  .optional()
  .describe('accepted; processes on one host share its network')

export const projectBody = z.strictObject({
  name: nameOf(3, 39),
  description,
  color: color.default('#57A0FF'),
  region: z.string().max(50).default('local'),
  networking,
})
export type ProjectBody = z.output<typeof projectBody>

export const projectPatch = z.strictObject({
  description: z.string().max(200).optional(),
  color: color.optional(),
  networking,
})
export type ProjectPatch = z.output<typeof projectPatch>
