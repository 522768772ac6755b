import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'
import type { FlowKey } from './release-flows.ts'

export type FlowWebhookRow = { created_by: string | null; created_at: Date; last_used_at: Date | null }

const ofFlow = (db: Db, { projectId, pipelineId, stage }: FlowKey) =>
  db
    .selectFrom('release_flow_webhook')
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    .where('stage', '=', stage)

export const findFlowWebhook = (db: Db, key: FlowKey): Promise<FlowWebhookRow | undefined> =>
  ofFlow(db, key).select(['created_by', 'created_at', 'last_used_at']).executeTakeFirst()

/** Whose flow a token starts; undefined when it is nobody's. */
export async function findFlowOfToken(db: Db, tokenHash: Buffer): Promise<FlowKey | undefined> {
  const row = await db
    .selectFrom('release_flow_webhook')
    .select(['project_id as projectId', 'pipeline_id as pipelineId', 'stage'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  return row as FlowKey | undefined
}

/** The token before it stops to work. */
export async function putFlowWebhook(
  tx: Tx,
  key: FlowKey,
  { tokenHash, actor }: { tokenHash: Buffer; actor: string },
): Promise<void> {
  await sql`
    insert into release_flow_webhook (project_id, pipeline_id, stage, token_hash, created_by)
    values (${key.projectId}, ${key.pipelineId}, ${key.stage}, ${tokenHash}, ${actor})
    on conflict (project_id, pipeline_id, stage) do update
       set token_hash = excluded.token_hash, created_by = excluded.created_by, created_at = now(),
           last_used_at = null`.execute(tx)
}

export async function noteFlowWebhookUse(tx: Tx, tokenHash: Buffer): Promise<void> {
  await tx
    .updateTable('release_flow_webhook')
    .set({ last_used_at: sql<Date>`now()` })
    .where('token_hash', '=', tokenHash)
    .execute()
}

/** False: there was none. */
export async function deleteFlowWebhook(tx: Tx, { projectId, pipelineId, stage }: FlowKey): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('release_flow_webhook')
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    .where('stage', '=', stage)
    .executeTakeFirst()
  return numDeletedRows === 1n
}
