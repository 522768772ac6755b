import { z } from 'zod'
import { resourceId } from '../names.ts'
import { projectBody, projectPatch } from '../resources/project.ts'
import { route } from '../route.ts'

const tag = 'Projects'
const params = z.object({ projectId: resourceId })

export const projectView = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  color: z.string(),
  region: z.string(),
  deleting: z.boolean(),
  createdAt: z.string(),
  updatedAt: z.string(),
})

const child = { id: z.string(), appId: z.string(), name: z.string(), description: z.string() }

export const clusterView = z.object({ id: z.string(), name: z.string() })

export const projectDetails = projectView.extend({
  deployment: z.object({ region: z.string() }),
  services: z.array(z.object({ ...child, serviceType: z.enum(['combined', 'build', 'deployment']) })),
  jobs: z.array(z.object({ ...child, jobType: z.enum(['manual', 'cron']) })),
  addons: z.array(z.object({ ...child, spec: z.object({ type: z.string() }) })),
  cluster: clusterView,
})

export const listProjects = route({
  id: 'listProjects',
  method: 'GET',
  path: '/projects',
  summary: 'List projects',
  tag,
  permission: 'read',
  reply: z.object({ projects: z.array(projectView) }),
  paginated: true,
})

export const createProject = route({
  id: 'createProject',
  method: 'POST',
  path: '/projects',
  summary: 'Create a project',
  tag,
  permission: 'write',
  body: projectBody,
  reply: projectView,
})

export const putProject = route({
  id: 'putProject',
  method: 'PUT',
  path: '/projects',
  summary: 'Create a project, or change the one of this name',
  tag,
  permission: 'write',
  body: projectBody,
  reply: projectView,
})

export const getProject = route({
  id: 'getProject',
  method: 'GET',
  path: '/projects/{projectId}',
  summary: 'A project with what it holds',
  tag,
  permission: 'read',
  params,
  reply: projectDetails,
})

export const patchProject = route({
  id: 'patchProject',
  method: 'PATCH',
  path: '/projects/{projectId}',
  summary: 'Change parts of a project',
  tag,
  permission: 'write',
  params,
  body: projectPatch,
  reply: projectView,
})

export const deleteProject = route({
  id: 'deleteProject',
  method: 'DELETE',
  path: '/projects/{projectId}',
  summary:
    'Delete a project; one that is not empty only with `delete_child_objects`. It is gone once all has stopped',
  tag,
  permission: 'write',
  params,
  query: z.object({ delete_child_objects: z.stringbool().default(false) }),
  reply: z.object({}),
})
