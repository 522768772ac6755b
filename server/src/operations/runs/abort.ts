import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import type { ReleaseRunRow } from '../../db/release-runs.ts'
import { askAbort } from './ask-abort.ts'
import { type RunKey, requireLockedRun, requireRun } from './get.ts'

/** Asks a run to end; it has ended when it is `aborted`. 409 when it had ended already. */
export async function abortRun(
  tx: Tx,
  key: RunKey,
  { actor, at }: { actor: string; at: Date },
): Promise<ReleaseRunRow> {
  const run = await requireLockedRun(tx, key)
  if (run.concluded_at !== null) {
    throw new FairwayError('invalid_state', `This run has ended already: ${run.status}.`)
  }
  await askAbort(tx, run, { at, reason: 'Aborted on request.' })
  await recordEvent(tx, {
    projectId: key.projectId,
    topic: 'audit',
    subject: run.id,
    type: 'release-run.abort',
    actor,
  })
  return requireRun(tx, key)
}
