import type { Tx } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import type { InstanceRow } from '../db/instances.ts'
import { markRollout } from '../db/rollout-receipts.ts'
import type { ServiceKey } from '../db/rollouts.ts'

/** What belongs on a receipt: who began to take traffic, and who left. */
const MARKS: ReadonlySet<string> = new Set(['ready', 'routed', 'draining', 'crashed', 'gone'])

/** Tells those who watch a service what happened to one of its instances, and the receipt of its rollout. */
export async function recordInstance(
  tx: Tx,
  key: ServiceKey,
  { id, revision_id: revision, attempt }: Pick<InstanceRow, 'id' | 'revision_id' | 'attempt'>,
  what: string,
): Promise<void> {
  const { projectId, serviceId } = key
  if (MARKS.has(what)) await markRollout(tx, key, { instanceId: id, revisionId: revision, what })
  await recordEvent(tx, {
    projectId,
    topic: 'instance',
    subject: `${projectId}/${serviceId}`,
    type: `instance.${what}`,
    data: { instance: id, revision, attempt },
  })
}
