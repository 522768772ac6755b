import { jobRunMoves } from '@fairway/contract/states'
import type { Tx } from '../../db/db.ts'
import { lockJobRun } from '../../db/job-runs.ts'
import { schedule } from '../../db/work.ts'
import { advanceJobRun } from './advance-run.ts'

/**
 * Asks for a run to be aborted. One that has not begun ends at once, one that runs is `ABORTING` until its instance is
 * seen to have ended, one that is over stays as it is.
 */
export async function abortJobRun(
  tx: Tx,
  { actor, ...key }: { projectId: string; jobId: string; runId: string; actor: string },
): Promise<void> {
  await schedule(tx, 'job_run', key.runId)
  const run = await lockJobRun(tx, key)
  if (jobRunMoves[run.status].length === 0 || run.status === 'ABORTING') return
  const to = run.status === 'QUEUED' ? 'ABORTED' : 'ABORTING'
  await advanceJobRun(tx, run, to, { abort_requested: true, actor })
}
