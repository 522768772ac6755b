import { notFound } from '@fairway/contract/errors'
import { type JobRunStatus, jobRunMoves, sourcesOf, unfinished } from '@fairway/contract/states'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

type JobKey = { projectId: string; jobId: string }

export type JobRunTrigger = 'manual' | 'cron' | 'release-flow' | 'source-change'

/** What a run changes of its job: what may be shown in `plain`; `sealed` (base64) holds its variables and files, which may be secrets. */
export type StoredOverrides = { plain?: unknown; sealed?: string }

export type JobRunError = { code: string; message: string; exitCode?: number; signal?: string }

export type JobRunRow = {
  id: string
  project_id: string
  job_id: string
  run_name: string
  status: JobRunStatus
  trigger: JobRunTrigger
  overrides: StoredOverrides
  artifact_kind: 'bundle' | 'image'
  artifact_digest: string
  build_id: string | null
  /** How people named it: `{internal: …}` or `{external: …}`; null in runs of before this was kept. */
  source: unknown
  attempt: number
  failed: number
  instance_id: string | null
  abort_requested: boolean
  created_at: Date
  started_at: Date | null
  deadline_at: Date | null
  next_attempt_at: Date | null
  concluded_at: Date | null
}

const columns = [
  'id',
  'project_id',
  'job_id',
  'run_name',
  'status',
  'trigger',
  'overrides',
  'artifact_kind',
  'artifact_digest',
  'build_id',
  'source',
  'attempt',
  'failed',
  'instance_id',
  'abort_requested',
  'created_at',
  'started_at',
  'deadline_at',
  'next_attempt_at',
  'concluded_at',
] as const

export async function findJobRun(db: Db, id: string): Promise<JobRunRow | undefined> {
  const row = await db.selectFrom('job_run').select(columns).where('id', '=', id).executeTakeFirst()
  return row as JobRunRow | undefined
}

/** The run for a change: locked. */
export async function lockJobRun(
  tx: Tx,
  { projectId, jobId, runId }: JobKey & { runId: string },
): Promise<JobRunRow> {
  const row = await tx
    .selectFrom('job_run')
    .select(columns)
    .where('id', '=', runId)
    .where('project_id', '=', projectId)
    .where('job_id', '=', jobId)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw notFound('job run', runId)
  return row as JobRunRow
}

export type NewJobRun = JobKey & {
  id: string
  runName: string
  trigger: JobRunTrigger
  overrides: StoredOverrides
  artifactKind: string
  artifactDigest: string
  buildId: string | null
  source: unknown
  actor: string | null
}

export async function insertJobRun(tx: Tx, run: NewJobRun): Promise<void> {
  await tx
    .insertInto('job_run')
    .values({
      id: run.id,
      project_id: run.projectId,
      job_id: run.jobId,
      run_name: run.runName,
      trigger: run.trigger,
      overrides: toJson(run.overrides),
      artifact_kind: run.artifactKind,
      artifact_digest: run.artifactDigest,
      build_id: run.buildId,
      source: toJson(run.source),
      created_by: run.actor,
    })
    .execute()
}

export type JobRunChange = {
  error?: JobRunError
  attempt?: number
  failed?: number
  instance_id?: string
  abort_requested?: boolean
  started_at?: Date
  deadline_at?: Date | null
}

/** The one writer of a run's status. False: the run is not in a state that may become `to`. */
export async function moveJobRun(
  tx: Tx,
  id: string,
  to: JobRunStatus,
  { error, ...change }: JobRunChange = {},
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('job_run')
    .set({
      ...change,
      status: to,
      ...(error !== undefined && { error: toJson(error) }),
      ...(jobRunMoves[to].length === 0 && { concluded_at: sql<Date>`now()`, next_attempt_at: null }),
    })
    .where('id', '=', id)
    .where('status', 'in', sourcesOf(jobRunMoves, to))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Begins the next attempt of a run that runs. False: it does not run any more. */
export async function beginAttempt(
  tx: Tx,
  { id, attempt, instanceId }: { id: string; attempt: number; instanceId: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('job_run')
    .set({ attempt, instance_id: instanceId, next_attempt_at: null })
    .where('id', '=', id)
    .where('status', '=', 'RUNNING')
    .where('attempt', '=', attempt - 1)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Counts the current attempt as failed, and says when the next one is due. */
export async function countFailedAttempt(
  tx: Tx,
  { id, failed, nextAttemptAt }: { id: string; failed: number; nextAttemptAt: Date },
): Promise<void> {
  await tx
    .updateTable('job_run')
    .set({ failed, next_attempt_at: nextAttemptAt })
    .where('id', '=', id)
    .where('status', '=', 'RUNNING')
    .execute()
}

/** The runs of a schedule that are under way, oldest first. */
export async function listUnfinishedCronRuns(db: Db, { projectId, jobId }: JobKey): Promise<JobRunRow[]> {
  const rows = await db
    .selectFrom('job_run')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('job_id', '=', jobId)
    .where('trigger', '=', 'cron')
    .where('status', 'in', unfinished(jobRunMoves))
    .orderBy('created_at')
    .execute()
  return rows as JobRunRow[]
}

/** The runs whose instances must stay: those under way, and the newest `kept` that are over. */
export async function listKeptRunIds(
  db: Db,
  { projectId, jobId }: JobKey,
  kept: number,
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from job_run where project_id = ${projectId} and job_id = ${jobId} and concluded_at is null
    union
    (select id from job_run where project_id = ${projectId} and job_id = ${jobId} and concluded_at is not null
      order by created_at desc limit ${kept})`.execute(db)
  return new Set(rows.map(({ id }) => id))
}

/** Forgets the oldest runs that are over, beyond the newest `kept`. */
export async function forgetOldRuns(tx: Tx, { projectId, jobId }: JobKey, kept: number): Promise<void> {
  await sql`
    delete from job_run where id in (
      select id from job_run
       where project_id = ${projectId} and job_id = ${jobId} and concluded_at is not null
       order by created_at desc offset ${kept})`.execute(tx)
}
