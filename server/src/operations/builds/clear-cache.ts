import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { clearBuildCache, requireService } from '../../db/services.ts'

/** Lets the next build of a service use no cache; those after it use what that one left. */
export async function clearServiceBuildCache(
  tx: Tx,
  { projectId, serviceId, actor }: { projectId: string; serviceId: string; actor: string },
): Promise<void> {
  await requireService(tx, { projectId, serviceId })
  await clearBuildCache(tx, { projectId, serviceId })
  await recordEvent(tx, {
    projectId,
    topic: 'audit',
    subject: `${projectId}/${serviceId}`,
    type: 'service.build-cache-cleared',
    actor,
  })
}
