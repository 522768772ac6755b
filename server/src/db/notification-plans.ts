import type { NotificationEvent } from '@fairway/contract/notification-events'
import { sql } from 'kysely'
import { type Db, notify } from './db.ts'
import { WORK_CHANNEL } from './work.ts'

/** The keys of the work items: what an event shall tell to whom, and bringing one message to its receiver. */
export const planKey = (eventId: number): string => `plan/${eventId}`
export const sendKey = (deliveryId: string): string => `send/${deliveryId}`

/**
 * Has recorded events told, in the transaction of what they are about. Costs one look where something is worth telling
 * and nobody wants to know. A step of a flow and one of a template look alike here.
 */
export async function tellLater(
  db: Db,
  recorded: readonly { id: number; name: NotificationEvent | undefined }[],
): Promise<void> {
  const told = recorded.filter(({ name }) => name !== undefined)
  if (told.length === 0) return
  const ids = told.map(({ id }) => planKey(id))
  const names = told.map(({ name }) => name)
  const { numAffectedRows } = await sql`
    insert into work_item (kind, key, wake_at, seq)
    select 'notification', e.key, now(), 1
      from unnest(${sql.val(ids)}::text[], ${sql.val(names)}::text[]) as e (key, name)
     where exists (select 1 from notification_integration n
                    where n.disabled_reason is null
                      and (e.name = any(n.events)
                           or e.name = 'release-flow-template-run:update' and 'template-run:update' = any(n.events)))
    on conflict (kind, key) do nothing`.execute(db)
  if (numAffectedRows !== undefined && numAffectedRows !== 0n) await notify(db, WORK_CHANNEL, 'notification')
}
