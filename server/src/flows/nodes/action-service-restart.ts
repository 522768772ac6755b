import { readAwaitedRollout } from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { waitFor } from '../../db/waiters.ts'
import { restartService } from '../../operations/services/restart.ts'
import { done, failed, type NodeResult, waiting } from '../model.ts'
import { type NodeDeps, POLL_MS, type StepContext } from '../node.ts'

type State = { revisionId: string }
type Request = { serviceId: string; waits: boolean }

/** Replaces all instances of a service by new ones of the same version; when it waits, until those run. */
export async function restartServiceStep(
  tx: Tx,
  { run, state }: StepContext<unknown, unknown>,
  { serviceId, waits }: Request,
  { sealer }: NodeDeps,
): Promise<NodeResult> {
  const { project_id: projectId } = run
  if (state === null) {
    const actor = run.created_by ?? 'release flow'
    const { revisionId } = await restartService(tx, { projectId, serviceId, actor }, sealer)
    if (!waits) return done({ id: serviceId, revisionId })
    await waitFor(tx, run.id, 'service', `${projectId}/${serviceId}`)
    return waiting({ wakeAfterMs: POLL_MS, state: { revisionId } })
  }
  const { revisionId } = state as State
  const rollout = await readAwaitedRollout(tx, revisionId)
  if (rollout?.state === 'completed') return done({ id: serviceId, revisionId })
  if (rollout?.state === 'failed') return failed('rollout_failed', rollout.message ?? 'The restart failed.')
  if (rollout?.state === 'superseded')
    return failed('superseded', 'A deployment took the place of this restart before it was complete.')
  return waiting({ wakeAfterMs: POLL_MS })
}
