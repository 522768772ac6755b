import { type ProjectBody, projectBody } from '@fairway/contract/resources/project'
import { findProject } from '../../../db/projects.ts'
import { putProject } from '../../projects/save.ts'
import type { Resource } from '../resource.ts'

export const projectResource: Resource = {
  kind: 'Project',
  schema: projectBody,
  bodyOf: (spec) => spec,
  async read(db, { id }) {
    const row = await findProject(db, id)
    if (row === undefined) return undefined
    const { name, description, color, region } = row
    return { name, description, color, region }
  },
  async save(tx, { actor, body }) {
    await putProject(tx, body as ProjectBody, actor)
  },
  keep: ['description', 'color', 'region'],
  fixed: ['region'],
  once: ['networking'],
  secret: [],
}
