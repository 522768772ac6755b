import { FairwayError, notFound } from '@fairway/contract/errors'
import type { Db } from '../../db/db.ts'
import { findProject, type ProjectRow } from '../../db/projects.ts'

/** The project, or `not_found`. */
export async function requireProject(db: Db, id: string): Promise<ProjectRow> {
  const project = await findProject(db, id)
  if (project === undefined) throw notFound('project', id)
  return project
}

/** The project when things may be created in it: `invalid_state` while it is being deleted. */
export async function requireOpenProject(db: Db, id: string): Promise<ProjectRow> {
  const project = await requireProject(db, id)
  if (!project.deleting) return project
  throw new FairwayError(
    'invalid_state',
    `The project "${id}" is being deleted. Nothing can be created in it.`,
  )
}
