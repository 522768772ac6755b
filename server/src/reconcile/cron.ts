import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import { lockIdleJob, setNextCron } from '../db/job-cron.ts'
import { listUnfinishedCronRuns } from '../db/job-runs.ts'
import { findJob, type JobRow } from '../db/jobs.ts'
import { withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import { abortJobRun } from '../operations/jobs/abort-run.ts'
import { runJob } from '../operations/jobs/run.ts'
import { recordTrigger, type TriggerRecord } from '../operations/triggers/record.ts'
import { type CronStep, planCron } from './cron-plan.ts'
import { type JobDeps, RESTS, type Woken } from './job-deps.ts'
import { tidyJobInstances } from './job-instances.ts'

export const cronCrashPoints = ['job.after-tidy', 'job.after-tick'] as const

const ACTOR = 'schedule'
/** Somebody is changing the job. */
const BUSY: Woken = { wakeAfterMs: 100 }

/**
 * Looks after a job: removes the instances of old runs, and runs a cron job when it is due. A tick and the next time
 * are committed together, so each is taken once however many servers look. Key: `projectId/jobId`.
 */
export function createJobHandler(deps: JobDeps): WorkHandler {
  return async (item) => {
    const [projectId = '', jobId = ''] = item.key.split('/')
    await tidyJobInstances(deps, item, { projectId, jobId })
    deps.crash.hit('job.after-tidy')
    if ((await findJob(deps.db, { projectId, jobId })) === undefined) return RESTS
    const woken = await withLease(deps.db, item, async (tx) => {
      // Those who change a job lock it before they ask for this work: waiting for it here could be for ever.
      const job = await lockIdleJob(tx, { projectId, jobId })
      return job === undefined ? BUSY : look(deps, tx, job)
    })
    deps.crash.hit('job.after-tick')
    return woken
  }
}

async function look(deps: JobDeps, tx: Tx, job: JobRow): Promise<Woken> {
  const now = deps.clock.now()
  const step = planCron({ schedule: activeSchedule(job), nextAt: job.next_cron_at }, now)
  if (step.do === 'tick') await tick(deps, tx, job)
  if (step.do === 'missed') await tell(tx, job, 'job.cron-missed', { at: step.at.toISOString() })
  return settle(tx, job, step, now)
}

const activeSchedule = ({ kind, paused, suspended, spec }: JobRow): string | undefined =>
  kind === 'cron' && !paused && !suspended ? spec.settings.cron?.schedule : undefined

async function settle(tx: Tx, job: JobRow, step: CronStep, now: Date): Promise<Woken> {
  const next = step.do === 'off' ? null : step.next
  if (next?.getTime() !== job.next_cron_at?.getTime()) await setNextCron(tx, job, next)
  return { wakeAfterMs: next === null ? null : Math.max(next.getTime() - now.getTime(), 0) }
}

/** Runs started by hand do not count: the policy is about the schedule. */
async function tick(deps: JobDeps, tx: Tx, job: JobRow): Promise<void> {
  const { project_id: projectId, id: jobId } = job
  const policy = job.spec.settings.cron?.concurrencyPolicy
  const unfinished = policy === 'allow' ? [] : await listUnfinishedCronRuns(tx, { projectId, jobId })
  if (policy === 'forbid' && unfinished.length > 0) {
    const reason = `the run ${unfinished[0]?.run_name} is under way`
    await tell(tx, job, 'job.cron-skipped', { reason })
    await record(tx, job, { rule: 'concurrency', text: 'forbid' }, `Not run: ${reason}.`)
    return
  }
  for (const { id: runId } of unfinished) await abortJobRun(tx, { projectId, jobId, runId, actor: ACTOR })
  await runOrTell(deps, tx, job)
}

/** A job that has nothing to run yet is passed over. */
async function runOrTell({ sealer }: JobDeps, tx: Tx, job: JobRow): Promise<void> {
  const { project_id: projectId, id: jobId } = job
  try {
    const run = { projectId, jobId, overrides: {}, trigger: 'cron', actor: ACTOR } as const
    const { runId } = await runJob(tx, run, sealer)
    await record(tx, job, { started: { kind: 'job-run', id: runId } }, 'The schedule was due.')
  } catch (error) {
    // Thrown before anything was written.
    if (!(error instanceof FairwayError) || error.code !== 'invalid_state') throw error
    await tell(tx, job, 'job.cron-skipped', { reason: error.message })
    await record(tx, job, { rule: 'cannot-start' }, error.message)
  }
}

const record = (tx: Tx, job: JobRow, outcome: TriggerRecord['outcome'], sentence: string) =>
  recordTrigger(tx, {
    source: 'cron',
    projectId: job.project_id,
    target: { kind: 'job', id: job.id },
    outcome,
    sentence,
    actor: ACTOR,
  })

const tell = (tx: Tx, { project_id: projectId, id }: JobRow, type: string, data: Record<string, unknown>) =>
  recordEvent(tx, { projectId, topic: 'job-run', subject: `${projectId}/${id}`, type, actor: ACTOR, data })
