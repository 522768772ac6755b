import type { FlowDocument } from '@fairway/contract/flow'
import type { Db, Tx } from './db.ts'
import type { FlowKey } from './release-flows.ts'

/** The flow, unless somebody is changing it or starting it at this moment. */
export async function lockIdleFlow(tx: Tx, key: FlowKey): Promise<{ document: FlowDocument } | undefined> {
  const row = await tx
    .selectFrom('release_flow')
    .select('document')
    .where('project_id', '=', key.projectId)
    .where('pipeline_id', '=', key.pipelineId)
    .where('stage', '=', key.stage)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  return row as { document: FlowDocument } | undefined
}

export type FlowCronRow = { schedule: string; next_at: Date }

export const findFlowCron = (db: Db, key: FlowKey): Promise<FlowCronRow | undefined> =>
  db
    .selectFrom('release_flow_cron')
    .select(['schedule', 'next_at'])
    .where('project_id', '=', key.projectId)
    .where('pipeline_id', '=', key.pipelineId)
    .where('stage', '=', key.stage)
    .executeTakeFirst()

/** Undefined: the flow has no schedule. */
export async function putFlowCron(tx: Tx, key: FlowKey, cron: FlowCronRow | undefined): Promise<void> {
  const { projectId: project_id, pipelineId: pipeline_id, stage } = key
  if (cron === undefined) {
    await tx
      .deleteFrom('release_flow_cron')
      .where('project_id', '=', project_id)
      .where('pipeline_id', '=', pipeline_id)
      .where('stage', '=', stage)
      .execute()
    return
  }
  await tx
    .insertInto('release_flow_cron')
    .values({ project_id, pipeline_id, stage, ...cron })
    .onConflict((conflict) => conflict.columns(['project_id', 'pipeline_id', 'stage']).doUpdateSet(cron))
    .execute()
}
