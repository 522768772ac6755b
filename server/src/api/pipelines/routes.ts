import { stages } from '@fairway/contract/resources/pipeline'
import * as contract from '@fairway/contract/routes/pipelines'
import { type Db, transaction } from '../../db/db.ts'
import { listPipelineObjects, listPipelines, type PipelineRow, requirePipeline } from '../../db/pipelines.ts'
import {
  createPipeline,
  patchPipeline,
  putPipeline,
  removePipeline,
} from '../../operations/pipelines/save.ts'
import { requireProject } from '../../operations/projects/require.ts'
import { pageOf } from '../page.ts'
import { defineRoute } from '../route.ts'

const itemOf = (row: PipelineRow) => ({
  id: row.id,
  name: row.name,
  description: row.description,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
})

async function viewOf(db: Db, projectId: string, pipeline: PipelineRow) {
  const nfObjects = await listPipelineObjects(db, { projectId, pipelineId: pipeline.id })
  return {
    ...itemOf(pipeline),
    stages: stages.map((name) => ({ name, nfObjects: nfObjects.filter((one) => one.stage === name) })),
    nfObjects,
  }
}

export const pipelineRoutes = [
  defineRoute(contract.listPipelines, async ({ params: { projectId }, page }, { db }) => {
    await requireProject(db, projectId)
    return pageOf(await listPipelines(db, projectId, page), page, (rows) => ({ pipelines: rows.map(itemOf) }))
  }),
  defineRoute(contract.createPipeline, async ({ params: { projectId }, body, actor }, { db }) => {
    const caller = { projectId, actor: actor.id }
    return viewOf(db, projectId, await transaction(db, (tx) => createPipeline(tx, caller, body)))
  }),
  defineRoute(contract.putPipeline, async ({ params: { projectId }, body, actor }, { db }) => {
    const caller = { projectId, actor: actor.id }
    return viewOf(db, projectId, await transaction(db, (tx) => putPipeline(tx, caller, body)))
  }),
  defineRoute(contract.getPipeline, async ({ params }, { db }) =>
    viewOf(db, params.projectId, await requirePipeline(db, params)),
  ),
  defineRoute(contract.patchPipeline, async ({ params, body, actor }, { db }) => {
    const target = { ...params, actor: actor.id }
    return viewOf(db, params.projectId, await transaction(db, (tx) => patchPipeline(tx, target, body)))
  }),
  defineRoute(contract.deletePipeline, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => removePipeline(tx, { ...params, actor: actor.id }))
    return {}
  }),
]
