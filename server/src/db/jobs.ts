import { notFound } from '@fairway/contract/errors'
import type { JobKind, JobSpec } from '@fairway/contract/resources/job'
import { type Db, type Tx, toJson } from './db.ts'

export type JobRow = {
  project_id: string
  id: string
  kind: JobKind
  name: string
  description: string
  spec: JobSpec
  tags: string[]
  config_version: number
  paused: boolean
  suspended: boolean
  disabled_ci: boolean
  disabled_cd: boolean
  artifact_kind: string | null
  artifact_digest: string | null
  source: unknown
  build_id: string | null
  next_cron_at: Date | null
  created_at: Date
  updated_at: Date
}

export const jobColumns = [
  'project_id',
  'id',
  'kind',
  'name',
  'description',
  'spec',
  'tags',
  'config_version',
  'paused',
  'suspended',
  'disabled_ci',
  'disabled_cd',
  'artifact_kind',
  'artifact_digest',
  'source',
  'build_id',
  'next_cron_at',
  'created_at',
  'updated_at',
] as const

type JobKey = { projectId: string; jobId: string }

export async function findJob(db: Db, { projectId, jobId }: JobKey): Promise<JobRow | undefined> {
  const row = await db
    .selectFrom('job')
    .select(jobColumns)
    .where('project_id', '=', projectId)
    .where('id', '=', jobId)
    .executeTakeFirst()
  return row as JobRow | undefined
}

export async function requireJob(db: Db, key: JobKey): Promise<JobRow> {
  const job = await findJob(db, key)
  if (job === undefined) throw notFound('job', key.jobId)
  return job
}

/** The job for a change: locked. */
export async function lockJob(tx: Tx, key: JobKey): Promise<JobRow> {
  const row = await tx
    .selectFrom('job')
    .select(jobColumns)
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.jobId)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw notFound('job', key.jobId)
  return row as JobRow
}

export async function listJobs(
  db: Db,
  projectId: string,
  page: { limit: number; offset: number },
): Promise<JobRow[]> {
  const rows = await db
    .selectFrom('job')
    .select(jobColumns)
    .where('project_id', '=', projectId)
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as JobRow[]
}

export type NewJob = Pick<
  JobRow,
  | 'project_id'
  | 'id'
  | 'kind'
  | 'name'
  | 'description'
  | 'spec'
  | 'tags'
  | 'suspended'
  | 'disabled_ci'
  | 'disabled_cd'
>

/** Undefined: there is a job of this id. */
export async function insertJob(tx: Tx, job: NewJob): Promise<JobRow | undefined> {
  const row = await tx
    .insertInto('job')
    .values({ ...job, spec: toJson(job.spec) })
    .onConflict((conflict) => conflict.columns(['project_id', 'id']).doNothing())
    .returning(jobColumns)
    .executeTakeFirst()
  return row as JobRow | undefined
}

export type JobChange = Partial<
  Pick<
    JobRow,
    | 'description'
    | 'spec'
    | 'tags'
    | 'config_version'
    | 'paused'
    | 'suspended'
    | 'disabled_ci'
    | 'disabled_cd'
    | 'next_cron_at'
  >
>

export async function updateJob(
  tx: Tx,
  { projectId, jobId }: JobKey,
  { spec, ...change }: JobChange,
): Promise<JobRow> {
  const row = await tx
    .updateTable('job')
    .set((eb) => ({ ...change, ...(spec && { spec: toJson(spec) }), updated_at: eb.fn<Date>('now') }))
    .where('project_id', '=', projectId)
    .where('id', '=', jobId)
    .returning(jobColumns)
    .executeTakeFirstOrThrow()
  return row as JobRow
}

export async function deleteJob(tx: Tx, { projectId, jobId }: JobKey): Promise<void> {
  await tx.deleteFrom('job').where('project_id', '=', projectId).where('id', '=', jobId).execute()
}
