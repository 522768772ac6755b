import type { JobRunStatus } from '@fairway/contract/states'

/** A run as the planner sees it. `attempt` counts from 1; 0: none was begun. */
export type PlannedRun = {
  status: JobRunStatus
  attempt: number
  /** Attempts that are known to have failed. As many as `attempt`: the next one is waited for. */
  failed: number
  backoffLimit: number
  /** Of the whole run, retries included. */
  deadlineAt: Date | null
  nextAttemptAt: Date | null
  /** Another run must end before this one may begin. */
  blocked: boolean
}

/** The instance of the current attempt; undefined: the runtime never started it. */
export type SeenAttempt =
  | { state: 'running' }
  | { state: 'exited'; exitCode?: number; signal?: string; exitedAt?: Date }
  | undefined

export type JobRunAction =
  | { do: 'rest' }
  | { do: 'wait'; until: Date | null }
  | { do: 'begin' }
  /** Name the next attempt, before anything is started. */
  | { do: 'attempt'; attempt: number }
  | { do: 'start' }
  | { do: 'stop' }
  | { do: 'retry'; failed: number; at: Date }
  | { do: 'conclude'; status: 'SUCCESS' | 'FAILED' | 'ABORTED'; failed: number; late: boolean }

export type Backoff = { baseMs: number; maxMs: number }

/**
 * The next step of a run. Pure. What the runtime saw decides; a run that was told to end is stopped first and concluded
 * when its instance is seen to be gone. An attempt is named before it is started, so that none runs twice.
 */
export function planJobRun(run: PlannedRun, seen: SeenAttempt, now: Date, backoff: Backoff): JobRunAction {
  switch (run.status) {
    case 'QUEUED':
      return run.blocked ? { do: 'wait', until: null } : { do: 'begin' }
    case 'ABORTING':
      return seen?.state === 'running' ? { do: 'stop' } : conclude(run, 'ABORTED')
    case 'RUNNING':
      return run.failed >= run.attempt ? betweenAttempts(run, now) : duringAttempt(run, seen, now, backoff)
    default:
      return { do: 'rest' }
  }
}

function betweenAttempts(run: PlannedRun, now: Date): JobRunAction {
  if (isLate(run, now)) return tooLate(run)
  if (run.nextAttemptAt !== null && run.nextAttemptAt > now)
    return { do: 'wait', until: earlier(run.nextAttemptAt, run.deadlineAt) }
  return { do: 'attempt', attempt: run.attempt + 1 }
}

function duringAttempt(run: PlannedRun, seen: SeenAttempt, now: Date, backoff: Backoff): JobRunAction {
  if (seen === undefined) return isLate(run, now) ? tooLate(run) : { do: 'start' }
  if (seen.state === 'running')
    return isLate(run, now) ? { do: 'stop' } : { do: 'wait', until: run.deadlineAt }
  // When it ended counts, not when that is noticed: the server may have been away.
  if (isLate(run, seen.exitedAt ?? now)) return tooLate(run)
  if (seen.exitCode === 0) return conclude(run, 'SUCCESS')
  const failed = run.failed + 1
  if (failed > run.backoffLimit) return { ...conclude(run, 'FAILED'), failed }
  const pause = Math.min(backoff.baseMs * 2 ** (failed - 1), backoff.maxMs)
  return { do: 'retry', failed, at: new Date(now.getTime() + pause) }
}

const isLate = ({ deadlineAt }: PlannedRun, at: Date): boolean => deadlineAt !== null && at >= deadlineAt

type Conclusion = Extract<JobRunAction, { do: 'conclude' }>

const conclude = ({ failed }: PlannedRun, status: Conclusion['status']): Conclusion => ({
  do: 'conclude',
  status,
  failed,
  late: false,
})

/** An attempt that was cut short counts as failed. */
const tooLate = ({ attempt }: PlannedRun): Conclusion => ({
  do: 'conclude',
  status: 'FAILED',
  failed: attempt,
  late: true,
})

const earlier = (a: Date, b: Date | null): Date => (b !== null && b < a ? b : a)
