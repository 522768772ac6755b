import { notFound } from '@fairway/contract/errors'
import type { Db } from '../../db/db.ts'
import { projectExists } from '../../db/project-exists.ts'

/** Throws `not_found` unless there is such a project. */
export async function requireProject(db: Db, projectId: string): Promise<void> {
  if (!(await projectExists(db, projectId))) throw notFound('project', projectId)
}
