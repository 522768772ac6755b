import type { Tx } from '../../db/db.ts'
import { type ReleaseRunRow, requestAbort } from '../../db/release-runs.ts'
import { schedule } from '../../db/work.ts'
import { concludeRun } from './conclude.ts'

/** Ends a run that has not begun; asks one that has to end. A run that has ended stays as it is. */
export async function askAbort(
  tx: Tx,
  run: ReleaseRunRow,
  { at, reason }: { at: Date; reason: string },
): Promise<void> {
  if (run.concluded_at !== null) return
  await requestAbort(tx, run.id)
  const waits = run.status === 'pending' || run.status === 'queued'
  if (waits && (await concludeRun(tx, run, { to: 'aborted', message: reason, at }))) return
  // It runs, or has begun at this very moment.
  await schedule(tx, 'release_run', run.id)
}
