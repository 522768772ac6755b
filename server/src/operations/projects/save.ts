import { FairwayError, notFound } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import type { ProjectBody, ProjectPatch } from '@fairway/contract/resources/project'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { findProject, insertProject, type ProjectRow, updateProject } from '../../db/projects.ts'
import { requireOpenProject } from './require.ts'

/** Creates a project. `name_taken` when there is one of this name. */
export async function createProject(tx: Tx, body: ProjectBody, actor: string): Promise<ProjectRow> {
  const { name, description, color, region } = body
  const id = slugOf(name)
  const project = await insertProject(tx, { id, name, description, color, region })
  if (project === undefined) {
    throw new FairwayError('name_taken', `There is a project "${id}" already. Choose another name.`)
  }
  await audit(tx, id, 'project.create', actor)
  return project
}

/** Creates the project, or changes the one of this name. */
export async function putProject(tx: Tx, body: ProjectBody, actor: string): Promise<ProjectRow> {
  const id = slugOf(body.name)
  if ((await findProject(tx, id)) === undefined) return createProject(tx, body, actor)
  return patchProject(tx, { id, actor }, { description: body.description, color: body.color })
}

export async function patchProject(
  tx: Tx,
  { id, actor }: { id: string; actor: string },
  { description, color }: ProjectPatch,
): Promise<ProjectRow> {
  await requireOpenProject(tx, id)
  const change = { ...(description !== undefined && { description }), ...(color !== undefined && { color }) }
  const project = await updateProject(tx, id, change)
  if (project === undefined) throw notFound('project', id)
  await audit(tx, id, 'project.update', actor)
  return project
}

const audit = (tx: Tx, projectId: string, type: string, actor: string): Promise<void> =>
  recordEvent(tx, { projectId, topic: 'audit', subject: projectId, type, actor })
