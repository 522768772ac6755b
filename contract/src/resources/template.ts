import { z } from 'zod'
import { type FlowDocument, flowDocument } from '../flow.ts'
import { nameOf } from '../names.ts'

/** The project that a template works in: one that it makes, or one that is there. */
const templateProject = z.union(
  [
    z.strictObject({ spec: z.record(z.string(), z.json()) }),
    z.strictObject({ id: z.string().min(1).max(200) }),
    z.strictObject({}),
  ],
  { error: 'must be {"spec": …} of a project to make, or {"id": …} of one that is there' },
)
export type TemplateProject = z.infer<typeof templateProject>

/** A template as people write it: a flow document with a name, whose steps may make resources. */
export const templateDocument = flowDocument
  .extend({ name: nameOf(3, 39), project: templateProject.optional() })
  .meta({ id: 'TemplateDocument' })

export type TemplateDocument = Omit<FlowDocument, 'name' | 'project'> & {
  name: string
  project?: TemplateProject | undefined
}
