import type { Db } from '../db/db.ts'
import type { Clock } from '../lib/clock.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import type { Builder } from './builder-port.ts'
import type { Backoff } from './job-run-plan.ts'
import type { Runtime } from './runtime-port.ts'

/** What the workers of jobs and their runs need. */
export type JobDeps = {
  db: Db
  runtime: Runtime
  locate: Builder['locate']
  sealer: Sealer
  /** Blanks out every known secret. */
  mask(text: string): string
  clock: Clock
  crash: CrashPoints
  log: Log
  /** Between the attempts of a run. */
  backoff?: Backoff
}

/** 1 s, 2 s, 4 s and so on, up to 6 minutes. */
export const DEFAULT_BACKOFF: Backoff = { baseMs: 1000, maxMs: 360_000 }

export type Woken = { wakeAfterMs: number | null }

export const RESTS: Woken = { wakeAfterMs: null }
