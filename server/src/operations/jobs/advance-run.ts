import { type JobRunStatus, jobRunMoves } from '@fairway/contract/states'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { type JobRunChange, type JobRunRow, moveJobRun } from '../../db/job-runs.ts'
import { wakeRunsWaitingFor } from '../../db/waiters.ts'

type Naming = Pick<JobRunRow, 'id' | 'project_id' | 'job_id' | 'run_name'>

/** Moves a run, says so, and wakes who waits for its end. False: the run may not move there. */
export async function advanceJobRun(
  tx: Tx,
  run: Naming,
  to: JobRunStatus,
  { actor, ...change }: JobRunChange & { actor?: string } = {},
): Promise<boolean> {
  if (!(await moveJobRun(tx, run.id, to, change))) return false
  await recordEvent(tx, {
    projectId: run.project_id,
    topic: 'job-run',
    subject: run.id,
    type: 'job-run.status',
    ...(actor !== undefined && { actor }),
    data: {
      jobId: run.job_id,
      runName: run.run_name,
      status: to,
      ...(change.error !== undefined && { error: change.error }),
    },
  })
  if (jobRunMoves[to].length === 0) await wakeRunsWaitingFor(tx, 'job-run', run.id)
  return true
}
