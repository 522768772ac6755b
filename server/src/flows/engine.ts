import type { Db } from '../db/db.ts'
import { listReleaseNodes } from '../db/release-nodes.ts'
import { findRun, type ReleaseRunRow } from '../db/release-runs.ts'
import { type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import type { Log } from '../lib/log.ts'
import { openRunSecrets, readRunValues } from '../operations/runs/run-values.ts'
import { beginRun } from './begin-run.ts'
import type { NodeDeps } from './node.ts'
import { RunSession } from './run-session.ts'

/**
 * Carries release runs out. One pass of the handler goes on with one run for as long as something in it can go on:
 * it decides with `advance`, lets the steps under way look, and writes what became of them, each change in one
 * transaction under the lease. Then it says when time alone changes something; everything that concludes meanwhile
 * wakes the run (db/waiters.ts). Nothing is kept between passes but rows.
 */
export type EngineDeps = NodeDeps & { db: Db; log: Log; crash: CrashPoints }

/** Where a test may kill the server: after every commit of the engine, and around work on the world. */
export const engineCrashPoints = [
  'release-run.after-begin',
  'release-run.after-actions',
  'release-run.before-step-commit',
  'release-run.after-step',
  'release-run.before-act',
  'release-run.after-act',
  'release-run.before-conclude',
  'release-run.after-conclude',
] as const

export function releaseRunHandler(deps: EngineDeps): WorkHandler {
  return async (item, signal) => {
    const run = await openRun(deps, item)
    if (run === undefined) return { wakeAfterMs: null }
    const values = await readRunValues(
      deps.db,
      {
        projectId: run.project_id,
        document: run.document,
        overrides: run.overrides,
        secrets: openRunSecrets(run.id, run.arguments, deps.sealer),
        startedAt: run.started_at ?? run.created_at,
      },
      deps.sealer,
    )
    const nodes = await listReleaseNodes(deps.db, run.id)
    return new RunSession(deps, { item, run, values, nodes, signal }).work()
  }
}

/** The run when it is under way, begun if its turn has come; undefined when there is nothing to do. */
async function openRun(deps: EngineDeps, item: WorkItem): Promise<ReleaseRunRow | undefined> {
  const run = await findRun(deps.db, item.key)
  if (run === undefined || run.concluded_at !== null) return undefined
  if (run.status !== 'pending' && run.status !== 'queued') return run
  const begun = await withLease(deps.db, item, (tx) => beginRun(tx, run, deps.clock.now()))
  if (!begun) return undefined
  deps.crash.hit('release-run.after-begin')
  return findRun(deps.db, item.key)
}
