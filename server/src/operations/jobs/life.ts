import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { lockJob, updateJob } from '../../db/jobs.ts'
import { schedule } from '../../db/work.ts'

type Target = { projectId: string; jobId: string; actor: string }

/** Stops or goes on with a cron schedule; runs under way go on. */
export const suspendJob = (tx: Tx, target: Target, suspended: boolean): Promise<void> =>
  change(tx, target, { suspended, next_cron_at: null }, suspended ? 'job.suspend' : 'job.unsuspend')

/** Stops the schedule and turns continuous integration and deployment off. */
export const pauseJob = (tx: Tx, target: Target): Promise<void> =>
  change(tx, target, { paused: true, disabled_ci: true, disabled_cd: true, next_cron_at: null }, 'job.pause')

export const resumeJob = (
  tx: Tx,
  target: Target,
  {
    suspended,
    disabledCI = false,
    disabledCD = false,
  }: { suspended?: boolean | undefined; disabledCI?: boolean | undefined; disabledCD?: boolean | undefined },
): Promise<void> =>
  change(
    tx,
    target,
    {
      paused: false,
      disabled_ci: disabledCI,
      disabled_cd: disabledCD,
      ...(suspended !== undefined && { suspended }),
    },
    'job.resume',
  )

async function change(
  tx: Tx,
  { projectId, jobId, actor }: Target,
  values: Parameters<typeof updateJob>[2],
  type: string,
): Promise<void> {
  await lockJob(tx, { projectId, jobId })
  await updateJob(tx, { projectId, jobId }, values)
  await recordEvent(tx, { projectId, topic: 'audit', subject: `${projectId}/${jobId}`, type, actor })
  await schedule(tx, 'job', `${projectId}/${jobId}`)
}
