import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { hasVolume } from '../../db/service-deployment.ts'
import { schedule } from '../../db/work.ts'
import { requireRunning } from './require-running.ts'

/** Sets the number of instances; 0 is off. A service with a volume has at most one. */
export async function scaleService(
  tx: Tx,
  {
    projectId,
    serviceId,
    instances,
    actor,
  }: { projectId: string; serviceId: string; instances: number; actor: string },
): Promise<void> {
  const service = await requireRunning(tx, { projectId, serviceId })
  if (instances > 1 && (await hasVolume(tx, { projectId, serviceId }))) {
    throw new FairwayError(
      'invalid_request',
      'instances: a service with a volume has at most one instance, because two that write to the same disk would damage its files. Detach the volume first.',
      {
        problems: [
          { field: 'deployment.instances', rule: 'a service with a volume has at most one instance' },
        ],
      },
    )
  }
  if (service.instances === instances) return
  await tx
    .updateTable('service')
    .set({ instances })
    .where('project_id', '=', projectId)
    .where('id', '=', serviceId)
    .execute()
  const subject = `${projectId}/${serviceId}`
  await schedule(tx, 'service', subject)
  await recordEvent(tx, {
    projectId,
    topic: 'service',
    subject,
    type: 'service.scale',
    actor,
    data: { from: service.instances, to: instances },
  })
}
