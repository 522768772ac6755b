import type { FlowDocument } from '@fairway/contract/flow'
import type { Stage } from '@fairway/contract/resources/pipeline'
import { type RunStatus, runMoves, sourcesOf } from '@fairway/contract/states'
import { present } from '../lib/assert.ts'
import { type Db, type Tx, toJson } from './db.ts'
import { reportLater } from './host-reports.ts'
import type { FlowKey } from './release-flows.ts'

export type RunKind = 'release' | 'rollback'
/** Who or what started a run. `automatic`: a push, a webhook or a schedule, which may not deploy what is held. */
export type RunTrigger = 'manual' | 'template' | 'automatic'

export type ReleaseRunRow = {
  id: string
  /** Null: a run of a template of the team. */
  project_id: string | null
  /** With the stage the flow that it runs; null: it runs a template. */
  pipeline_id: string | null
  stage: Stage | null
  template_uid: string | null
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
  'template_uid',
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

/** What a run is one of. */
export type RunOwner = FlowKey | { templateUid: string; projectId: string | null }

type OwnerColumns = Pick<ReleaseRunRow, 'project_id' | 'pipeline_id' | 'stage' | 'template_uid'>

export function ownerOf({ project_id, pipeline_id, stage, template_uid }: OwnerColumns): RunOwner {
  if (template_uid !== null) return { templateUid: template_uid, projectId: project_id }
  return {
    projectId: present(project_id, 'the project of a release run'),
    pipelineId: present(pipeline_id, 'the pipeline of a release run'),
    stage: present(stage, 'the stage of a release run'),
  }
}

/** The flow that a run runs; undefined: it runs a template. */
export function flowOf(run: OwnerColumns): FlowKey | undefined {
  const owner = ownerOf(run)
  return 'templateUid' in owner ? undefined : owner
}

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

function ofOwner(db: Db, owner: RunOwner) {
  const runs = db.selectFrom('release_run')
  if ('templateUid' in owner) return runs.where('template_uid', '=', owner.templateUid)
  return runs
    .where('project_id', '=', owner.projectId)
    .where('pipeline_id', '=', owner.pipelineId)
    .where('stage', '=', owner.stage)
}

export type RunFilter = {
  status?: RunStatus | undefined
  concluded?: boolean | undefined
  kind?: RunKind | undefined
  trigger?: ReleaseRunRow['trigger'] | undefined
}

/** Newest first; one row more than the page holds. */
export async function listRuns(
  db: Db,
  owner: RunOwner,
  filter: RunFilter,
  page: { limit: number; offset: number },
): Promise<ReleaseRunRow[]> {
  let query = ofOwner(db, owner).select(columns)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.trigger !== undefined) query = query.where('trigger', '=', filter.trigger)
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

/** The runs of a flow or a template with one of these statuses, oldest first. */
export async function listRunsInStatus(
  db: Db,
  owner: RunOwner,
  statuses: readonly RunStatus[],
): Promise<RunSummary[]> {
  const rows = await ofOwner(db, owner)
    .select(['id', 'number', 'status', 'name'])
    .where('status', 'in', statuses)
    .orderBy('number')
    .execute()
  return rows as RunSummary[]
}

/** The runs of a flow after the one of this number, oldest first. */
export async function listRunsAfter(
  db: Db,
  owner: RunOwner,
  number: number,
): Promise<(RunSummary & { kind: RunKind; created_at: Date })[]> {
  const rows = await ofOwner(db, owner)
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

const columnsOf = (owner: RunOwner): OwnerColumns =>
  'templateUid' in owner
    ? { project_id: owner.projectId, pipeline_id: null, stage: null, template_uid: owner.templateUid }
    : { project_id: owner.projectId, pipeline_id: owner.pipelineId, stage: owner.stage, template_uid: null }

export async function insertRun(tx: Tx, owner: RunOwner, run: NewRun): Promise<ReleaseRunRow> {
  const row = await tx
    .insertInto('release_run')
    .values({
      ...run,
      ...columnsOf(owner),
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
