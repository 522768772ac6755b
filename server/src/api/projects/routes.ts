import * as contract from '@fairway/contract/routes/projects'
import { transaction } from '../../db/db.ts'
import { readProjectContents } from '../../db/project-contents.ts'
import { listProjects, type ProjectRow } from '../../db/projects.ts'
import { requestProjectDeletion } from '../../operations/projects/delete.ts'
import { requireProject } from '../../operations/projects/require.ts'
import { createProject, patchProject, putProject } from '../../operations/projects/save.ts'
import { appIdOf, CLUSTER } from '../cluster.ts'
import { pageOf } from '../page.ts'
import { defineRoute } from '../route.ts'

const viewOf = (row: ProjectRow) => ({
  id: row.id,
  name: row.name,
  description: row.description,
  color: row.color,
  region: row.region,
  deleting: row.deleting,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
})

export const projectRoutes = [
  defineRoute(contract.listProjects, async ({ page }, { db }) =>
    pageOf(await listProjects(db, page), page, (rows) => ({ projects: rows.map(viewOf) })),
  ),

  defineRoute(contract.createProject, async ({ body, actor }, { db }) =>
    viewOf(await transaction(db, (tx) => createProject(tx, body, actor.id))),
  ),

  defineRoute(contract.putProject, async ({ body, actor }, { db }) =>
    viewOf(await transaction(db, (tx) => putProject(tx, body, actor.id))),
  ),

  defineRoute(contract.getProject, async ({ params: { projectId } }, { db }) => {
    const project = await requireProject(db, projectId)
    const { services, jobs, addons } = await readProjectContents(db, projectId)
    const named = ({ id, name, description }: { id: string; name: string; description: string }) => ({
      id,
      name,
      description,
      appId: appIdOf(projectId, id),
    })
    return {
      ...viewOf(project),
      deployment: { region: project.region },
      services: services.map((one) => ({ ...named(one), serviceType: one.kind })),
      jobs: jobs.map((one) => ({ ...named(one), jobType: one.kind })),
      addons: addons.map((one) => ({ ...named(one), spec: { type: one.type } })),
      cluster: CLUSTER,
    }
  }),

  defineRoute(contract.patchProject, async ({ params, body, actor }, { db }) => {
    const target = { id: params.projectId, actor: actor.id }
    return viewOf(await transaction(db, (tx) => patchProject(tx, target, body)))
  }),

  defineRoute(contract.deleteProject, async ({ params, query, actor }, { db }) => {
    const request = { id: params.projectId, actor: actor.id, withContents: query.delete_child_objects }
    await transaction(db, (tx) => requestProjectDeletion(tx, request))
    return {}
  }),
]
