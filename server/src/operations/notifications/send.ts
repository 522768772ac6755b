import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import {
  type DeliveryRow,
  insertDelivery,
  moveDelivery,
  requireDelivery,
} from '../../db/notification-deliveries.ts'
import { sendKey } from '../../db/notification-plans.ts'
import { requireIntegration } from '../../db/notifications.ts'
import { schedule } from '../../db/work.ts'

/** Has a message sent that only says that messages arrive. */
export async function sendTest(tx: Tx, { id, actor }: { id: string; actor: string }): Promise<DeliveryRow> {
  await requireIntegration(tx, id)
  const delivery = await insertDelivery(tx, {
    integration_id: id,
    event_id: null,
    project_id: null,
    event: 'test',
    data: { user: { id: actor } },
  })
  return requireDelivery(tx, { integrationId: id, id: delivery ?? '' })
}

/** Sends again what was sent or given up. `invalid_state` while it is still being tried. */
export async function resend(
  tx: Tx,
  { integrationId, id }: { integrationId: string; id: string },
): Promise<DeliveryRow> {
  await requireDelivery(tx, { integrationId, id })
  if (!(await moveDelivery(tx, id, 'pending')))
    throw new FairwayError('invalid_state', 'This message is being sent already.')
  await schedule(tx, 'notification', sendKey(id))
  return requireDelivery(tx, { integrationId, id })
}
