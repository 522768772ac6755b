import type { BuildRow } from '../db/builds.ts'
import type { Db, Tx } from '../db/db.ts'
import type { Clock } from '../lib/clock.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import type { Builder, BuildLog, Source } from './builder-port.ts'

/** What the worker of builds needs. */
export type BuildDeps = {
  db: Db
  source: Source
  builder: Builder
  logs: BuildLog
  sealer: Sealer
  /** Blanks out every known secret. */
  mask(text: string): string
  /** Folder for checkouts; nothing else may lie in it. One server at a time may use it. */
  checkouts: string
  /** For one attempt, from reading the repository to the stored artifact. */
  timeoutSeconds: number
  /** Part of the transaction in which a build succeeds: what follows its branch is deployed here. */
  onSuccess(tx: Tx, build: BuildRow): Promise<void>
  crash: CrashPoints
  log: Log
  clock: Clock
}
