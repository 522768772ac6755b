import type { FlowDocument } from '@fairway/contract/flow'
import type { Stage } from '@fairway/contract/resources/pipeline'
import { type Db, type Tx, toJson } from './db.ts'

export type FlowKey = { projectId: string; pipelineId: string; stage: Stage }

export type ReleaseFlowRow = {
  document: FlowDocument
  argument_overrides: Buffer | null
  version: number
  updated_at: Date
}

const columns = ['document', 'argument_overrides', 'version', 'updated_at'] as const

const select = (db: Db, { projectId, pipelineId, stage }: FlowKey) =>
  db
    .selectFrom('release_flow')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    .where('stage', '=', stage)

export async function findReleaseFlow(db: Db, key: FlowKey): Promise<ReleaseFlowRow | undefined> {
  return (await select(db, key).executeTakeFirst()) as ReleaseFlowRow | undefined
}

/** The flow, locked: whoever starts, concludes or saves a run of this stage does it one after another. */
export async function lockReleaseFlow(tx: Tx, key: FlowKey): Promise<ReleaseFlowRow | undefined> {
  return (await select(tx, key).forUpdate().executeTakeFirst()) as ReleaseFlowRow | undefined
}

/** Every flow of a project by pipeline and stage: what a `RunTemplate` step may name. */
export async function listReleaseFlows(
  db: Db,
  projectIds: readonly string[],
): Promise<(FlowKey & { document: FlowDocument })[]> {
  if (projectIds.length === 0) return []
  const rows = await db
    .selectFrom('release_flow')
    .select(['project_id as projectId', 'pipeline_id as pipelineId', 'stage', 'document'])
    .where('project_id', 'in', projectIds)
    .execute()
  return rows as (FlowKey & { document: FlowDocument })[]
}

type FlowContent = { document: FlowDocument; argumentOverrides: Buffer | null; version: number }

export async function upsertReleaseFlow(tx: Tx, key: FlowKey, content: FlowContent): Promise<void> {
  const values = {
    document: toJson(content.document),
    argument_overrides: content.argumentOverrides,
    version: content.version,
  }
  await tx
    .insertInto('release_flow')
    .values({ project_id: key.projectId, pipeline_id: key.pipelineId, stage: key.stage, ...values })
    .onConflict((conflict) =>
      conflict
        .columns(['project_id', 'pipeline_id', 'stage'])
        .doUpdateSet((eb) => ({ ...values, updated_at: eb.fn<Date>('now') })),
    )
    .execute()
}

type NewFlowVersion = {
  version: number
  document: FlowDocument
  actor: string
  /** The commit it was read from. */
  commit: string | undefined
}

export async function insertFlowVersion(
  tx: Tx,
  key: FlowKey,
  { version, document, actor, commit }: NewFlowVersion,
): Promise<void> {
  await tx
    .insertInto('release_flow_version')
    .values({
      project_id: key.projectId,
      pipeline_id: key.pipelineId,
      stage: key.stage,
      version,
      document: toJson(document),
      created_by: actor,
      commit_sha: commit ?? null,
    })
    .execute()
}

export type FlowVersionRow = {
  version: number
  created_by: string | null
  created_at: Date
  commit_sha: string | null
}

const ofFlow = (db: Db, { projectId, pipelineId, stage }: FlowKey) =>
  db
    .selectFrom('release_flow_version')
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    .where('stage', '=', stage)

/** Newest first; one row more than the page holds. */
export const listFlowVersions = (
  db: Db,
  key: FlowKey,
  page: { limit: number; offset: number },
): Promise<FlowVersionRow[]> =>
  ofFlow(db, key)
    .select(['version', 'created_by', 'created_at', 'commit_sha'])
    .orderBy('version', 'desc')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()

export async function findFlowVersion(
  db: Db,
  key: FlowKey,
  version: number,
): Promise<(FlowVersionRow & { document: FlowDocument }) | undefined> {
  const row = await ofFlow(db, key)
    .select(['version', 'created_by', 'created_at', 'commit_sha', 'document'])
    .where('version', '=', version)
    .executeTakeFirst()
  return row as (FlowVersionRow & { document: FlowDocument }) | undefined
}
