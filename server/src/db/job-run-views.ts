import { jobRunMoves, unfinished } from '@fairway/contract/states'
import type { Db } from './db.ts'

type JobKey = { projectId: string; jobId: string }

export type JobRunView = {
  id: string
  job_id: string
  run_name: string
  status: string
  trigger: string
  artifact_digest: string | null
  build_id: string | null
  failed: number
  instance_id: string | null
  error: unknown
  created_at: Date
  started_at: Date | null
  concluded_at: Date | null
}

const columns = [
  'id',
  'job_id',
  'run_name',
  'status',
  'trigger',
  'artifact_digest',
  'build_id',
  'failed',
  'instance_id',
  'error',
  'created_at',
  'started_at',
  'concluded_at',
] as const

/** The runs of a job, newest first. */
export async function listJobRunViews(
  db: Db,
  { projectId, jobId }: JobKey,
  page: { limit: number; offset: number },
): Promise<JobRunView[]> {
  return db
    .selectFrom('job_run')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('job_id', '=', jobId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
}

export async function findJobRunView(
  db: Db,
  { projectId, jobId, runId }: JobKey & { runId: string },
): Promise<JobRunView | undefined> {
  return db
    .selectFrom('job_run')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('job_id', '=', jobId)
    .where('id', '=', runId)
    .executeTakeFirst()
}

export async function hasUnfinishedJobRun(db: Db, { projectId, jobId }: JobKey): Promise<boolean> {
  const row = await db
    .selectFrom('job_run')
    .select('id')
    .where('project_id', '=', projectId)
    .where('job_id', '=', jobId)
    .where('status', 'in', unfinished(jobRunMoves))
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
