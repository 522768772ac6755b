import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { hasUnfinishedJobRun } from '../../db/job-run-views.ts'
import { deleteJob, lockJob } from '../../db/jobs.ts'
import { deleteOwnSecrets } from '../../db/secrets.ts'
import { schedule } from '../../db/work.ts'
import { leavePipelines } from '../pipelines/leave.ts'

/** Deletes a job with its runs. 409 while one of them, or a release run that uses the job, is under way. */
export async function removeJob(
  tx: Tx,
  { projectId, jobId, actor }: { projectId: string; jobId: string; actor: string },
): Promise<void> {
  await lockJob(tx, { projectId, jobId })
  await leavePipelines(tx, { projectId, kind: 'job', id: jobId })
  if (await hasUnfinishedJobRun(tx, { projectId, jobId })) {
    throw new FairwayError(
      'conflict',
      `A run of the job "${jobId}" is under way. Wait for it, or abort it first.`,
    )
  }
  await deleteOwnSecrets(tx, { projectId, kind: 'job', id: jobId })
  await deleteJob(tx, { projectId, jobId })
  // Its worker removes the instances of its runs.
  await schedule(tx, 'job', `${projectId}/${jobId}`)
  await recordEvent(tx, {
    projectId,
    topic: 'audit',
    subject: `${projectId}/${jobId}`,
    type: 'job.delete',
    actor,
  })
}
