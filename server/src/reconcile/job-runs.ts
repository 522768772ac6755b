import { FairwayError } from '@fairway/contract/errors'
import { jobRunMoves } from '@fairway/contract/states'
import {
  beginAttempt,
  countFailedAttempt,
  findJobRun,
  type JobRunError,
  type JobRunRow,
  listUnfinishedCronRuns,
} from '../db/job-runs.ts'
import { type JobRow, requireJob } from '../db/jobs.ts'
import { schedule, type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import { assertNever } from '../lib/assert.ts'
import { advanceJobRun } from '../operations/jobs/advance-run.ts'
import { DEFAULT_BACKOFF, type JobDeps, RESTS, type Woken } from './job-deps.ts'
import { attemptFailure } from './job-run-failure.ts'
import { type JobRunAction, planJobRun, type SeenAttempt } from './job-run-plan.ts'
import { attemptId, jobRunSpec } from './job-run-spec.ts'

export const jobRunCrashPoints = [
  'job-run.after-begin',
  'job-run.after-attempt',
  'job-run.after-start',
  'job-run.after-stop',
  'job-run.after-retry',
  'job-run.before-conclude',
  'job-run.after-conclude',
] as const

/** The runtime tells of exits; this is for one that was missed, and for runs that wait for another. */
const POLL_MS = 1000
/** Unexpected errors in a row after which an instance that will not start has failed the run. */
const START_TRIES = 5

type Pass = { item: WorkItem; run: JobRunRow; job: JobRow; seen: SeenAttempt }

/** Takes one run of a job to its end. Key: the run's id. */
export function createJobRunHandler(deps: JobDeps): WorkHandler {
  const watched = watchExits(deps)
  return async (item, signal) => {
    while (!signal.aborted) {
      const woken = await step(deps, item, watched)
      if (woken !== undefined) return woken
    }
    return { wakeAfterMs: 0 }
  }
}

type Watched = Map<string, string>

/** Wakes the run of an instance that has exited. */
function watchExits({ runtime, db, log }: JobDeps): Watched {
  const watched: Watched = new Map()
  runtime.watch((instanceId) => {
    const runId = watched.get(instanceId)
    if (runId === undefined) return
    watched.delete(instanceId)
    schedule(db, 'job_run', runId).catch((error: unknown) => {
      log.warn({ err: error, run: runId }, 'cannot say that a job has exited; it is polled')
    })
  })
  return watched
}

/** One step; undefined: look again. */
async function step(deps: JobDeps, item: WorkItem, watched: Watched): Promise<Woken | undefined> {
  const run = await findJobRun(deps.db, item.key)
  if (run === undefined || jobRunMoves[run.status].length === 0) return RESTS
  const job = await requireJob(deps.db, { projectId: run.project_id, jobId: run.job_id })
  const seen = await observe(deps, run, watched)
  const now = deps.clock.now()
  const action = planJobRun(
    {
      status: run.status,
      attempt: run.attempt,
      failed: run.failed,
      backoffLimit: job.spec.settings.backoffLimit,
      deadlineAt: run.deadline_at,
      nextAttemptAt: run.next_attempt_at,
      blocked: run.status === 'QUEUED' && (await isBlocked(deps, job, run)),
    },
    seen,
    now,
    deps.backoff ?? DEFAULT_BACKOFF,
  )
  if (action.do === 'wait') return wait(action.until, now)
  await act(deps, { item, run, job, seen }, action)
  return action.do === 'conclude' ? RESTS : undefined
}

async function observe({ runtime }: JobDeps, run: JobRunRow, watched: Watched): Promise<SeenAttempt> {
  if (run.instance_id === null) return undefined
  // Watched before it is looked at, or an exit between the two would be missed.
  watched.set(run.instance_id, run.id)
  const seen = await runtime.observe(run.instance_id)
  // Its exit has been told already: nothing else would take it off.
  if (seen?.state !== 'running') watched.delete(run.instance_id)
  return seen
}

const wait = (until: Date | null, now: Date): Woken => ({
  wakeAfterMs: until === null ? POLL_MS : Math.min(POLL_MS, Math.max(until.getTime() - now.getTime(), 0)),
})

/** A run that replaces another of its schedule begins when that one has ended. */
async function isBlocked({ db }: JobDeps, job: JobRow, run: JobRunRow): Promise<boolean> {
  if (run.trigger !== 'cron' || job.spec.settings.cron?.concurrencyPolicy !== 'replace') return false
  const key = { projectId: run.project_id, jobId: run.job_id }
  const unfinished = await listUnfinishedCronRuns(db, key)
  return unfinished.some(({ id, created_at }) => id !== run.id && created_at < run.created_at)
}

async function act(deps: JobDeps, pass: Pass, action: JobRunAction): Promise<void> {
  const { item, run, job } = pass
  switch (action.do) {
    case 'begin':
      await withLease(deps.db, item, (tx) => advanceJobRun(tx, run, 'RUNNING', times(deps, job)))
      deps.crash.hit('job-run.after-begin')
      return
    case 'attempt': {
      const next = { id: run.id, attempt: action.attempt, instanceId: attemptId(run.id, action.attempt) }
      await withLease(deps.db, item, (tx) => beginAttempt(tx, next))
      deps.crash.hit('job-run.after-attempt')
      return
    }
    case 'start':
      await startOrFail(deps, pass)
      return
    case 'stop':
      await deps.runtime.stop(attemptId(run.id, run.attempt), job.spec.deployment.gracePeriodSeconds * 1000)
      deps.crash.hit('job-run.after-stop')
      return
    case 'retry': {
      const retry = { id: run.id, failed: action.failed, nextAttemptAt: action.at }
      await withLease(deps.db, item, (tx) => countFailedAttempt(tx, retry))
      deps.crash.hit('job-run.after-retry')
      return
    }
    case 'conclude':
      await conclude(deps, pass, action)
      return
    case 'wait':
    case 'rest':
      return
    default:
      assertNever(action)
  }
}

function times({ clock }: JobDeps, { spec }: JobRow): { started_at: Date; deadline_at: Date | null } {
  const now = clock.now()
  const seconds = spec.settings.activeDeadlineSeconds
  return {
    started_at: now,
    deadline_at: seconds === undefined ? null : new Date(now.getTime() + seconds * 1000),
  }
}

/** What cannot be started for a known reason fails the run; the unforeseen is tried again a few times. */
async function startOrFail(deps: JobDeps, { item, run, job }: Pass): Promise<void> {
  try {
    // Somebody else may hold the run by now, and have ended it.
    await withLease(deps.db, item, async () => undefined)
    await deps.runtime.start(await jobRunSpec(deps, job, run))
    deps.crash.hit('job-run.after-start')
  } catch (error) {
    if (error instanceof FairwayError && error.code === 'lease_lost') throw error
    if (!(error instanceof FairwayError) && item.failures < START_TRIES) throw error
    deps.log.warn({ err: error, run: run.id }, 'a job cannot be started')
    await deps.runtime.stop(attemptId(run.id, run.attempt), 0)
    const why = error instanceof FairwayError ? error.message : 'The server log says why.'
    const message = deps.mask(`The job cannot be started. ${why}`)
    await end(
      deps,
      { item, run },
      { status: 'FAILED', failed: run.attempt, error: { code: 'job_failed', message } },
    )
  }
}

async function conclude(
  deps: JobDeps,
  pass: Pass,
  { status, failed, late }: Extract<JobRunAction, { do: 'conclude' }>,
): Promise<void> {
  const { run, job, seen } = pass
  deps.crash.hit('job-run.before-conclude')
  const error = status === 'FAILED' ? await attemptFailure(deps, { run, job, seen, late }) : undefined
  await end(deps, pass, { status, failed, error })
}

type Ending = {
  status: 'SUCCESS' | 'FAILED' | 'ABORTED'
  failed: number
  error: JobRunError | undefined
}

async function end(
  deps: JobDeps,
  { item, run }: Pick<Pass, 'item' | 'run'>,
  { status, failed, error }: Ending,
): Promise<void> {
  await withLease(deps.db, item, (tx) =>
    advanceJobRun(tx, run, status, { failed, ...(error !== undefined && { error }) }),
  )
  deps.crash.hit('job-run.after-conclude')
  // In a transaction of its own: the worker of the job locks runs while it holds the job. Old instances go there.
  await schedule(deps.db, 'job', `${run.project_id}/${run.job_id}`)
  if (run.trigger === 'cron') await wakeSuccessors(deps, run)
}

/** A run that replaces this one waits for its end. */
async function wakeSuccessors({ db }: JobDeps, run: JobRunRow): Promise<void> {
  const key = { projectId: run.project_id, jobId: run.job_id }
  for (const { id } of await listUnfinishedCronRuns(db, key)) await schedule(db, 'job_run', id)
}
