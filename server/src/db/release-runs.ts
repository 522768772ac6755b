import type { FlowDocument } from '@fairway/contract/flow'
import type { Stage } from '@fairway/contract/resources/pipeline'
import { type RunStatus, runMoves, sourcesOf } from '@fairway/contract/states'
import { type Db, type Tx, toJson } from './db.ts'
import { reportLater } from './host-reports.ts'
import type { FlowKey } from './release-flows.ts'

export type RunKind = 'release' | 'rollback'
/** Who or what started a run. `automatic`: a push, a webhook or a schedule, which may not deploy what is held. */
export type RunTrigger = 'manual' | 'template' | 'automatic'

export type ReleaseRunRow = {
  id: string
  project_id: string
  pipeline_id: string
  stage: Stage
  number: number
  kind: RunKind
  trigger: RunTrigger
  rollback_of: string | null
  parent_run_id: string | null
  parent_path: string | null
  depth: number
  name: string | null
  description: string
  status: RunStatus
  message: string | null
  document: FlowDocument
  flow_version: number
  arguments: Buffer | null
  argument_names: string[]
  overrides: Record<string, Record<string, unknown>>
  release_node_overrides: Record<string, unknown>
  stage_before: unknown
  stage_after: unknown
  abort_requested: boolean
  created_by: string | null
  created_at: Date
  started_at: Date | null
  concluded_at: Date | null
  updated_at: Date
}

const columns = [
  'id',
  'project_id',
  'pipeline_id',
  'stage',
  'number',
  'kind',
  'trigger',
  'rollback_of',
  'parent_run_id',
  'parent_path',
  'depth',
  'name',
  'description',
  'status',
  'message',
  'document',
  'flow_version',
  'arguments',
  'argument_names',
  'overrides',
  'release_node_overrides',
  'stage_before',
  'stage_after',
  'abort_requested',
  'created_by',
  'created_at',
  'started_at',
  'concluded_at',
  'updated_at',
] as const

export const keyOf = (run: ReleaseRunRow): FlowKey => ({
  projectId: run.project_id,
  pipelineId: run.pipeline_id,
  stage: run.stage,
})

export async function findRun(db: Db, id: string): Promise<ReleaseRunRow | undefined> {
  const row = await db.selectFrom('release_run').select(columns).where('id', '=', id).executeTakeFirst()
  return row as ReleaseRunRow | undefined
}

export async function lockRun(tx: Tx, id: string): Promise<ReleaseRunRow | undefined> {
  const row = await tx
    .selectFrom('release_run')
    .select(columns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row as ReleaseRunRow | undefined
}

const ofFlow = (db: Db, key: FlowKey) =>
  db
    .selectFrom('release_run')
    .where('project_id', '=', key.projectId)
    .where('pipeline_id', '=', key.pipelineId)
    .where('stage', '=', key.stage)

export type RunFilter = { status?: RunStatus | undefined; concluded?: boolean | undefined }

/** Newest first; one row more than the page holds. */
export async function listRuns(
  db: Db,
  key: FlowKey,
  filter: RunFilter,
  page: { limit: number; offset: number },
): Promise<ReleaseRunRow[]> {
  let query = ofFlow(db, key).select(columns)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (filter.concluded !== undefined)
    query = query.where('concluded_at', filter.concluded ? 'is not' : 'is', null)
  const rows = await query
    .orderBy('number', 'desc')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as ReleaseRunRow[]
}

export type RunSummary = { id: string; number: number; status: RunStatus; name: string | null }

/** The runs of a flow with one of these statuses, oldest first. */
export async function listRunsInStatus(
  db: Db,
  key: FlowKey,
  statuses: readonly RunStatus[],
): Promise<RunSummary[]> {
  const rows = await ofFlow(db, key)
    .select(['id', 'number', 'status', 'name'])
    .where('status', 'in', statuses)
    .orderBy('number')
    .execute()
  return rows as RunSummary[]
}

/** The runs of a flow after the one of this number, oldest first. */
export async function listRunsAfter(
  db: Db,
  key: FlowKey,
  number: number,
): Promise<(RunSummary & { kind: RunKind; created_at: Date })[]> {
  const rows = await ofFlow(db, key)
    .select(['id', 'number', 'status', 'name', 'kind', 'created_at'])
    .where('number', '>', number)
    .orderBy('number')
    .execute()
  return rows as (RunSummary & { kind: RunKind; created_at: Date })[]
}

export type NewRun = Pick<
  ReleaseRunRow,
  | 'id'
  | 'kind'
  | 'trigger'
  | 'rollback_of'
  | 'parent_run_id'
  | 'parent_path'
  | 'depth'
  | 'name'
  | 'description'
  | 'document'
  | 'flow_version'
  | 'arguments'
  | 'argument_names'
  | 'overrides'
  | 'release_node_overrides'
  | 'created_by'
> & { status: 'pending' | 'queued' }

export async function insertRun(tx: Tx, key: FlowKey, run: NewRun): Promise<ReleaseRunRow> {
  const row = await tx
    .insertInto('release_run')
    .values({
      ...run,
      project_id: key.projectId,
      pipeline_id: key.pipelineId,
      stage: key.stage,
      document: toJson(run.document),
      overrides: toJson(run.overrides),
      release_node_overrides: toJson(run.release_node_overrides),
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
  if (run.trigger === 'automatic') await reportLater(tx, 'release-run', run.id)
  return row as ReleaseRunRow
}

export type RunMove = {
  to: RunStatus
  message?: string | null
  startedAt?: Date
  /** Null: a retry opens the run again. */
  concludedAt?: Date | null
  stageBefore?: unknown
  stageAfter?: unknown
  abortRequested?: boolean
}

/** The one writer of a run's status. False: the run is not in a status that may move there. */
export async function moveRun(tx: Tx, id: string, move: RunMove): Promise<boolean> {
  const moved = await tx
    .updateTable('release_run')
    .set((eb) => ({
      status: move.to,
      updated_at: eb.fn<Date>('now'),
      ...(move.message !== undefined && { message: move.message }),
      ...(move.startedAt !== undefined && { started_at: move.startedAt }),
      ...(move.concludedAt !== undefined && { concluded_at: move.concludedAt }),
      ...(move.abortRequested !== undefined && { abort_requested: move.abortRequested }),
      ...(move.stageBefore !== undefined && { stage_before: toJson(move.stageBefore) }),
      ...(move.stageAfter !== undefined && { stage_after: toJson(move.stageAfter) }),
    }))
    .where('id', '=', id)
    .where('status', 'in', sourcesOf(runMoves, move.to))
    .returning('trigger')
    .executeTakeFirst()
  if (moved?.trigger === 'automatic') await reportLater(tx, 'release-run', id)
  return moved !== undefined
}

export async function requestAbort(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('release_run')
    .set((eb) => ({ abort_requested: true, updated_at: eb.fn<Date>('now') }))
    .where('id', '=', id)
    .execute()
}

export async function isAbortRequested(db: Db, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('release_run')
    .select('abort_requested')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.abort_requested ?? true
}

/** The run that a RunTemplate step at `path` of a run started. */
export async function findChildRun(
  db: Db,
  parentRunId: string,
  path: string,
): Promise<{ id: string; status: RunStatus; message: string | null } | undefined> {
  const row = await db
    .selectFrom('release_run')
    .select(['id', 'status', 'message'])
    .where('parent_run_id', '=', parentRunId)
    .where('parent_path', '=', path)
    .executeTakeFirst()
  return row as { id: string; status: RunStatus; message: string | null } | undefined
}

/** A step that is retried starts a child of its own again; the old one keeps its parent but no longer its place. */
export async function detachChildRuns(tx: Tx, parentRunId: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  await tx
    .updateTable('release_run')
    .set({ parent_path: null })
    .where('parent_run_id', '=', parentRunId)
    .where('parent_path', 'in', paths)
    .execute()
}
