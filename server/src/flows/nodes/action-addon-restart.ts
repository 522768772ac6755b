import { readAwaitedAddon } from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { waitFor } from '../../db/waiters.ts'
import { restartAddon } from '../../operations/addons/control.ts'
import { done, failed, type NodeResult, waiting } from '../model.ts'
import { POLL_MS, type StepContext } from '../node.ts'
import { missing } from './concluded.ts'

type Request = { addonId: string; waits: boolean }

/** Stops and starts an addon; when it waits, until the addon runs again. */
export async function restartAddonStep(
  tx: Tx,
  { run, state }: StepContext<unknown, unknown>,
  { addonId, waits }: Request,
): Promise<NodeResult> {
  const { project_id: projectId } = run
  if (state === null) {
    await restartAddon(tx, { projectId, addonId, actor: run.created_by })
    if (!waits) return done({ id: addonId })
    await waitFor(tx, run.id, 'addon', `${projectId}/${addonId}`)
    return waiting({ wakeAfterMs: POLL_MS, state: { requested: true } })
  }
  const addon = await readAwaitedAddon(tx, projectId, addonId)
  if (addon === undefined) return missing('addon', addonId)
  if (addon.restart_requested) return waiting({ wakeAfterMs: POLL_MS })
  if (addon.status === 'running') return done({ id: addonId })
  if (addon.status === 'failed' || addon.status === 'error')
    return failed('runtime_failed', addon.status_message ?? `The addon "${addonId}" did not start again.`)
  return waiting({ wakeAfterMs: POLL_MS })
}
