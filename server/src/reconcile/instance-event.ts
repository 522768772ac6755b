import type { Tx } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import type { InstanceRow } from '../db/instances.ts'
import type { ServiceKey } from '../db/rollouts.ts'

/** Tells those who watch a service what happened to one of its instances. */
export function recordInstance(
  tx: Tx,
  { projectId, serviceId }: ServiceKey,
  { id, revision_id: revision, attempt }: Pick<InstanceRow, 'id' | 'revision_id' | 'attempt'>,
  what: string,
): Promise<void> {
  return recordEvent(tx, {
    projectId,
    topic: 'instance',
    subject: `${projectId}/${serviceId}`,
    type: `instance.${what}`,
    data: { instance: id, revision, attempt },
  })
}
