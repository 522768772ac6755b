import { notFound } from '@fairway/contract/errors'
import type { PipelineObject, Stage } from '@fairway/contract/resources/pipeline'
import { runMoves, unfinished } from '@fairway/contract/states'
import type { Db, Tx } from './db.ts'

export type PipelineRow = {
  id: string
  name: string
  description: string
  created_at: Date
  updated_at: Date
}

const columns = ['id', 'name', 'description', 'created_at', 'updated_at'] as const

type PipelineKey = { projectId: string; pipelineId: string }

export async function listPipelines(
  db: Db,
  projectId: string,
  page: { limit: number; offset: number },
): Promise<PipelineRow[]> {
  return db
    .selectFrom('pipeline')
    .select(columns)
    .where('project_id', '=', projectId)
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
}

export async function findPipeline(
  db: Db,
  { projectId, pipelineId }: PipelineKey,
): Promise<PipelineRow | undefined> {
  return db
    .selectFrom('pipeline')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('id', '=', pipelineId)
    .executeTakeFirst()
}

export async function requirePipeline(db: Db, key: PipelineKey): Promise<PipelineRow> {
  const pipeline = await findPipeline(db, key)
  if (pipeline === undefined) throw notFound('pipeline', key.pipelineId)
  return pipeline
}

/** Undefined: there is a pipeline of this id. */
export async function insertPipeline(
  tx: Tx,
  projectId: string,
  pipeline: { id: string; name: string; description: string },
): Promise<PipelineRow | undefined> {
  return tx
    .insertInto('pipeline')
    .values({ ...pipeline, project_id: projectId })
    .onConflict((conflict) => conflict.columns(['project_id', 'id']).doNothing())
    .returning(columns)
    .executeTakeFirst()
}

export async function updatePipeline(
  tx: Tx,
  key: PipelineKey,
  change: { description?: string },
): Promise<PipelineRow> {
  return tx
    .updateTable('pipeline')
    .set((eb) => ({ ...change, updated_at: eb.fn<Date>('now') }))
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.pipelineId)
    .returning(columns)
    .executeTakeFirstOrThrow()
}

export async function deletePipeline(tx: Tx, { projectId, pipelineId }: PipelineKey): Promise<void> {
  await tx.deleteFrom('pipeline').where('project_id', '=', projectId).where('id', '=', pipelineId).execute()
}

export async function listPipelineObjects(
  db: Db,
  { projectId, pipelineId }: PipelineKey,
): Promise<PipelineObject[]> {
  const rows = await db
    .selectFrom('pipeline_object')
    .select(['object_id as id', 'object_kind as type', 'stage'])
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    .orderBy('stage')
    .orderBy('object_kind')
    .orderBy('object_id')
    .execute()
  return rows as PipelineObject[]
}

/** Replaces what a pipeline holds. */
export async function replacePipelineObjects(
  tx: Tx,
  { projectId, pipelineId }: PipelineKey,
  objects: readonly PipelineObject[],
): Promise<void> {
  await tx
    .deleteFrom('pipeline_object')
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    .execute()
  if (objects.length === 0) return
  await tx
    .insertInto('pipeline_object')
    .values(
      objects.map(({ id, type, stage }) => ({
        project_id: projectId,
        pipeline_id: pipelineId,
        object_kind: type,
        object_id: id,
        stage,
      })),
    )
    .execute()
}

export type Place = { pipelineId: string; stage: Stage }
type ObjectKey = { projectId: string; kind: PipelineObject['type']; id: string }

/** Where a resource stands in a pipeline, if it does. A resource is in one pipeline at most. */
export async function placeOf(db: Db, { projectId, kind, id }: ObjectKey): Promise<Place | undefined> {
  const row = await db
    .selectFrom('pipeline_object')
    .select(['pipeline_id as pipelineId', 'stage'])
    .where('project_id', '=', projectId)
    .where('object_kind', '=', kind)
    .where('object_id', '=', id)
    .executeTakeFirst()
  return row as Place | undefined
}

export async function removeFromPipelines(tx: Tx, { projectId, kind, id }: ObjectKey): Promise<void> {
  await tx
    .deleteFrom('pipeline_object')
    .where('project_id', '=', projectId)
    .where('object_kind', '=', kind)
    .where('object_id', '=', id)
    .execute()
}

/** Ids of the runs of a pipeline, or of one stage of it, that something may still happen to. */
export async function unfinishedRuns(
  db: Db,
  { projectId, pipelineId, stage }: { projectId: string; pipelineId: string; stage?: Stage },
): Promise<string[]> {
  let query = db
    .selectFrom('release_run')
    .select('id')
    .where('project_id', '=', projectId)
    .where('pipeline_id', '=', pipelineId)
    // A failed run may be retried by hand, but nothing happens to it by itself.
    .where(
      'status',
      'in',
      unfinished(runMoves).filter((status) => status !== 'failure'),
    )
  if (stage !== undefined) query = query.where('stage', '=', stage)
  return (await query.execute()).map((row) => row.id)
}
