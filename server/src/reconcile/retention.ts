import { forgetUnusedArtifacts, type Keeping, listArtifactDigests, lockArtifacts } from '../db/artifacts.ts'
import { type Db, transaction } from '../db/db.ts'
import { withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import type { Builder } from './builder-port.ts'

/** The key of the `sweep` item that this handler does. */
export const ARTIFACT_SWEEP = 'artifacts'

export const retentionCrashPoints = ['sweep.after-forget', 'sweep.after-collect'] as const

export type RetentionDeps = { db: Db; builder: Pick<Builder, 'collect'>; crash: CrashPoints; log: Log }

const KEEPING: Keeping = { revisions: 10, runs: 20, builds: 20 }
const INTERVAL_MS = 60 * 60_000

/** Removes artifacts that nothing needs: first their rows, then every stored artifact that has no row. */
export function createRetentionHandler({ db, builder, crash, log }: RetentionDeps): WorkHandler {
  return async (item) => {
    await withLease(db, item, async (tx) => {
      await lockArtifacts(tx)
      const forgotten = await forgetUnusedArtifacts(tx, KEEPING)
      log.debug({ forgotten: forgotten.length }, 'forgot unused artifacts')
    })
    crash.hit('sweep.after-forget')
    // Locked again: a build that stored its artifact meanwhile has recorded it, or sees that it is gone and builds again.
    const removed = await transaction(db, async (tx) => {
      await lockArtifacts(tx)
      return builder.collect(new Set(await listArtifactDigests(tx)))
    })
    crash.hit('sweep.after-collect')
    if (removed.length > 0) log.info({ removed: removed.length }, 'removed unused artifacts')
    return { wakeAfterMs: INTERVAL_MS }
  }
}
