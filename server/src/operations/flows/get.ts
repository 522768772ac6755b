import { FairwayError } from '@fairway/contract/errors'
import type { Db } from '../../db/db.ts'
import { requirePipeline } from '../../db/pipelines.ts'
import { type FlowKey, findReleaseFlow, type ReleaseFlowRow } from '../../db/release-flows.ts'
import { requireProject } from '../projects/require.ts'

/** The flow of a stage; `not_found` names the part that is missing: project, pipeline or flow. */
export async function requireReleaseFlow(db: Db, key: FlowKey): Promise<ReleaseFlowRow> {
  const flow = await findReleaseFlow(db, key)
  return flow ?? missing(db, key)
}

async function missing(db: Db, key: FlowKey): Promise<never> {
  await requireProject(db, key.projectId)
  await requirePipeline(db, key)
  throw new FairwayError(
    'not_found',
    `Stage ${key.stage} of pipeline "${key.pipelineId}" has no release flow yet. Save one first.`,
  )
}
