import { readAwaitedRestore } from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { waitFor } from '../../db/waiters.ts'
import { abortRestore, requestRestore } from '../../operations/addons/restore.ts'
import { type CancelResult, done, type NodeResult, waiting } from '../model.ts'
import { ended, POLL_MS, type StepContext } from '../node.ts'
import { concluded, missing } from './concluded.ts'

type State = { restoreId: string }
type Request = { addonId: string; backupId: string; waits: boolean }

/** Restores a backup; when it waits, until the restored data is in use. */
export async function restoreStep(
  tx: Tx,
  { run, state }: StepContext<unknown, unknown>,
  { addonId, backupId, waits }: Request,
): Promise<NodeResult> {
  const { project_id: projectId } = run
  if (state === null) {
    const { restoreId } = await requestRestore(tx, { projectId, addonId, backupId, actor: run.created_by })
    if (!waits) return done({ id: restoreId })
    await waitFor(tx, run.id, 'restore', restoreId)
    return waiting({ wakeAfterMs: POLL_MS, state: { restoreId } })
  }
  const { restoreId } = state as State
  const restore = await readAwaitedRestore(tx, restoreId)
  if (restore === undefined) return missing('restore', restoreId)
  return concluded('restore', restore, { id: restoreId }) ?? waiting({ wakeAfterMs: POLL_MS })
}

/** Past its swap a restore cannot be aborted: then its end is waited for. */
export async function cancelRestore(
  tx: Tx,
  { run, spec, state }: StepContext<{ spec: { data: { addonId: string } } }, State>,
): Promise<CancelResult> {
  if (state === null) return ended
  const restore = await readAwaitedRestore(tx, state.restoreId)
  if (restore === undefined || concluded('restore', restore) !== undefined) return ended
  if (restore.status === 'scheduled' || restore.status === 'in-progress')
    await abortRestore(tx, {
      projectId: run.project_id,
      addonId: spec.spec.data.addonId,
      restoreId: state.restoreId,
      actor: run.created_by,
    })
  return { is: 'ending', wakeAfterMs: POLL_MS }
}
