import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { schedule } from '../../db/work.ts'
import { requireRunning } from './require-running.ts'

/** Stops every instance and turns CI and CD off; everything else is kept. */
export async function pauseService(
  tx: Tx,
  { projectId, serviceId, actor }: { projectId: string; serviceId: string; actor: string },
): Promise<void> {
  await requireRunning(tx, { projectId, serviceId })
  await tx
    .updateTable('service')
    .set({ paused: true, disabled_ci: true, disabled_cd: true })
    .where('project_id', '=', projectId)
    .where('id', '=', serviceId)
    .execute()
  const subject = `${projectId}/${serviceId}`
  await schedule(tx, 'service', subject)
  await recordEvent(tx, { projectId, topic: 'service', subject, type: 'service.pause', actor })
}
