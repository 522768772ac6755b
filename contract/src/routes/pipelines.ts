import { z } from 'zod'
import { resourceId } from '../names.ts'
import { pipelineBody, pipelineObject, pipelinePatch, stages } from '../resources/pipeline.ts'
import { route } from '../route.ts'

const tag = 'Pipelines'
const inProject = z.object({ projectId: resourceId })
const params = inProject.extend({ pipelineId: resourceId })

export const pipelineListItem = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
})

export const pipelineView = pipelineListItem.extend({
  stages: z.array(z.object({ name: z.enum(stages), nfObjects: z.array(z.unknown()) })),
  nfObjects: z.array(pipelineObject),
})

export const listPipelines = route({
  id: 'listPipelines',
  method: 'GET',
  path: '/projects/{projectId}/pipelines',
  summary: 'List pipelines',
  tag,
  permission: 'read',
  params: inProject,
  reply: z.object({ pipelines: z.array(pipelineListItem) }),
  paginated: true,
})

export const createPipeline = route({
  id: 'createPipeline',
  method: 'POST',
  path: '/projects/{projectId}/pipelines',
  summary: 'Create a pipeline and place resources in its stages',
  tag,
  permission: 'write',
  params: inProject,
  body: pipelineBody,
  reply: pipelineView,
})

export const putPipeline = route({
  id: 'putPipeline',
  method: 'PUT',
  path: '/projects/{projectId}/pipelines',
  summary: 'Create a pipeline, or replace what the one of this name holds',
  tag,
  permission: 'write',
  params: inProject,
  body: pipelineBody,
  reply: pipelineView,
})

export const getPipeline = route({
  id: 'getPipeline',
  method: 'GET',
  path: '/projects/{projectId}/pipelines/{pipelineId}',
  summary: 'A pipeline with the resources of each stage',
  tag,
  permission: 'read',
  params,
  reply: pipelineView,
})

export const patchPipeline = route({
  id: 'patchPipeline',
  method: 'PATCH',
  path: '/projects/{projectId}/pipelines/{pipelineId}',
  summary: 'Change the description, or the resources as a whole',
  tag,
  permission: 'write',
  params,
  body: pipelinePatch,
  reply: pipelineView,
})

export const deletePipeline = route({
  id: 'deletePipeline',
  method: 'DELETE',
  path: '/projects/{projectId}/pipelines/{pipelineId}',
  summary: 'Delete a pipeline with its release flows. Its resources go on',
  tag,
  permission: 'write',
  params,
  reply: z.object({}),
})
