import type { Tx } from './db.ts'
import { type JobRow, jobColumns } from './jobs.ts'

/** The job, locked; undefined while somebody else holds it. */
export async function lockIdleJob(
  tx: Tx,
  { projectId, jobId }: { projectId: string; jobId: string },
): Promise<JobRow | undefined> {
  const row = await tx
    .selectFrom('job')
    .select(jobColumns)
    .where('project_id', '=', projectId)
    .where('id', '=', jobId)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  return row as JobRow | undefined
}

/** Remembers when the schedule is due next. */
export async function setNextCron(
  tx: Tx,
  { project_id: projectId, id }: Pick<JobRow, 'project_id' | 'id'>,
  next: Date | null,
): Promise<void> {
  await tx
    .updateTable('job')
    .set({ next_cron_at: next })
    .where('project_id', '=', projectId)
    .where('id', '=', id)
    .execute()
}
