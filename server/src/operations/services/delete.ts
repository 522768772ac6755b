import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { requireService, updateService } from '../../db/services.ts'
import { schedule } from '../../db/work.ts'
import { leavePipelines } from '../pipelines/leave.ts'

/**
 * Marks a service as going; its reconciler stops the instances and removes it. 409 while a release run uses it.
 * Asking again is harmless.
 */
export async function requestServiceDeletion(
  tx: Tx,
  { projectId, serviceId, actor }: { projectId: string; serviceId: string; actor: string },
): Promise<void> {
  const service = await requireService(tx, { projectId, serviceId })
  if (!service.deleting) {
    await leavePipelines(tx, { projectId, kind: 'service', id: serviceId })
    await updateService(tx, { projectId, serviceId }, { deleting: true })
    const subject = `${projectId}/${serviceId}`
    await recordEvent(tx, { projectId, topic: 'service', subject, type: 'service.delete', actor })
  }
  await schedule(tx, 'service', `${projectId}/${serviceId}`)
}
