import { FairwayError } from '@fairway/contract/errors'
import type { JobRunError, JobRunRow } from '../db/job-runs.ts'
import type { JobRow } from '../db/jobs.ts'
import type { JobDeps } from './job-deps.ts'
import type { SeenAttempt } from './job-run-plan.ts'
import { runEnvironment } from './job-run-spec.ts'

const SHOWN_LINES = 10
const SHOWN_CHARACTERS = 2000
const LOG_WAIT_MS = 3000

type Failed = { run: JobRunRow; job: JobRow; seen: SeenAttempt; late: boolean }

type Deps = Pick<JobDeps, 'db' | 'runtime' | 'sealer' | 'mask'>

/** Why a run failed, for people: how its last attempt ended, and what it wrote last. */
export async function attemptFailure(deps: Deps, { run, job, seen, late }: Failed): Promise<JobRunError> {
  const output = seen === undefined ? 'It was not started.' : await lastOutput(deps, job, run)
  const { activeDeadlineSeconds: seconds } = job.spec.settings
  const how = late
    ? `The run was not done within ${seconds} seconds and was stopped.`
    : `The job ${endOf(seen)}${run.attempt > 1 ? `, at attempt ${run.attempt}` : ''}.`
  const { exitCode, signal } = seen?.state === 'exited' ? seen : {}
  return {
    code: late ? 'timed_out' : 'job_failed',
    message: `${how} ${output}`,
    ...(exitCode !== undefined && { exitCode }),
    ...(signal !== undefined && { signal }),
  }
}

function endOf(seen: SeenAttempt): string {
  if (seen?.state !== 'exited') return 'ended'
  if (seen.signal === 'OOM') return 'was killed: it used more memory than it may'
  if (seen.signal !== undefined) return `was ended by ${seen.signal}`
  return `exited with code ${seen.exitCode ?? 'unknown'}`
}

async function lastOutput(deps: Deps, job: JobRow, run: JobRunRow): Promise<string> {
  const lines: string[] = []
  // Followed to its end: the last lines may still be on their way when the exit is seen.
  const query = { tail: SHOWN_LINES, follow: true, signal: AbortSignal.timeout(LOG_WAIT_MS) }
  for await (const { text } of deps.runtime.logs(run.instance_id ?? '', query)) {
    lines.push(text)
    if (lines.length > SHOWN_LINES) lines.shift()
  }
  if (lines.length === 0) return 'It wrote nothing.'
  if (!(await knowsSecrets(deps, job, run))) return 'Its log says more.'
  // Masked before it is cut, or a part of a secret could show. jsonb holds no NUL.
  const masked = deps.mask(lines.join('\n')).replaceAll('\u0000', '')
  return `Its last output:\n${masked.slice(-SHOWN_CHARACTERS)}`
}

/** A server that was started since knows the values of a run only once it has read them again. */
async function knowsSecrets(deps: Deps, job: JobRow, run: JobRunRow): Promise<boolean> {
  try {
    await runEnvironment(deps, job, run)
    return true
  } catch (error) {
    if (error instanceof FairwayError) return false
    throw error
  }
}
