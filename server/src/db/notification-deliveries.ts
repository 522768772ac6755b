import { notFound } from '@fairway/contract/errors'
import { type NotificationStatus, notificationMoves, sourcesOf } from '@fairway/contract/states'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'
import { sendKey } from './notification-plans.ts'
import { newId, schedule } from './work.ts'

export type DeliveryRow = {
  id: string
  integration_id: string
  /** The recorded event it tells of; null: a test. */
  event_id: number | null
  project_id: string | null
  event: string
  data: Record<string, unknown>
  status: NotificationStatus
  attempts: number
  answer: { status: number; text: string } | null
  error: string | null
  created_at: Date
  updated_at: Date
  sent_at: Date | null
}

export type NewDelivery = Pick<DeliveryRow, 'integration_id' | 'event_id' | 'project_id' | 'event' | 'data'>

/** Makes it due. Undefined: this receiver is told of the event already. */
export async function insertDelivery(tx: Tx, { data, ...row }: NewDelivery): Promise<string | undefined> {
  const inserted = await tx
    .insertInto('notification_delivery')
    .values({ id: newId(), ...row, data: toJson(data), answer: null, error: null, sent_at: null })
    .onConflict((conflict) => conflict.columns(['integration_id', 'event_id']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted !== undefined) await schedule(tx, 'notification', sendKey(inserted.id))
  return inserted?.id
}

export async function findDelivery(db: Db, id: string): Promise<DeliveryRow | undefined> {
  const row = await db.selectFrom('notification_delivery').selectAll().where('id', '=', id).executeTakeFirst()
  return row as DeliveryRow | undefined
}

export async function requireDelivery(
  db: Db,
  { integrationId, id }: { integrationId: string; id: string },
): Promise<DeliveryRow> {
  const row = await findDelivery(db, id)
  if (row?.integration_id !== integrationId) throw notFound('delivery', id)
  return row
}

/** Newest first; one row more than the page holds. */
export async function listDeliveries(
  db: Db,
  { integrationId, status }: { integrationId: string; status: NotificationStatus | undefined },
  page: { limit: number; offset: number },
): Promise<DeliveryRow[]> {
  let query = db.selectFrom('notification_delivery').selectAll().where('integration_id', '=', integrationId)
  if (status !== undefined) query = query.where('status', '=', status)
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as DeliveryRow[]
}

/** Whether something that happened earlier is still to be told for the first time: this message would overtake it. */
export async function isOvertaking(db: Db, { integration_id, event_id }: DeliveryRow): Promise<boolean> {
  if (event_id === null) return false
  const { rows } = await sql<{ earlier: boolean }>`
    select exists (select 1 from notification_delivery
                    where integration_id = ${integration_id} and event_id < ${event_id}
                      and status = 'pending' and attempts <= 1 and error is null)
        or exists (select 1 from work_item
                    where kind = 'notification' and key like 'plan/%' and (wake_at is not null or lease is not null)
                      and substring(key from 6)::bigint < ${event_id}) as earlier`.execute(db)
  return rows[0]?.earlier ?? false
}

/** The number of this attempt, written down before it is made. Undefined: it is not to be sent any more. */
export async function beginDelivery(tx: Tx, id: string): Promise<number | undefined> {
  const row = await tx
    .updateTable('notification_delivery')
    .set({ attempts: sql`attempts + 1`, updated_at: sql`now()` })
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .returning('attempts')
    .executeTakeFirst()
  return row?.attempts
}

export type Outcome = { answer: DeliveryRow['answer']; error: string | null }

/** False: it was not pending any more. */
export async function moveDelivery(
  tx: Tx,
  id: string,
  to: NotificationStatus,
  { answer, error }: Outcome = { answer: null, error: null },
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update notification_delivery
       set status = ${to}, updated_at = now(),
           attempts = case when ${to} = 'pending' then 0 else attempts end,
           answer = coalesce(${answer === null ? null : toJson(answer)}::jsonb, answer), error = ${error},
           sent_at = case when ${to} = 'sent' then now() else sent_at end
     where id = ${id} and status = any(${sql.val(sourcesOf(notificationMoves, to))}::text[])`.execute(tx)
  return numAffectedRows === 1n
}

/** It goes on being pending: what came of this attempt. */
export async function noteAttempt(tx: Tx, id: string, { answer, error }: Outcome): Promise<void> {
  await sql`
    update notification_delivery
       set updated_at = now(), error = ${error}, answer = ${answer === null ? null : toJson(answer)}::jsonb
     where id = ${id} and status = 'pending'`.execute(tx)
}

/** Forgets what is older than `days`, and the work items that are done with. */
export async function forgetDeliveries(tx: Tx, days: number): Promise<void> {
  await sql`
    delete from notification_delivery
     where created_at < now() - ${days} * interval '1 day' and status <> 'pending'`.execute(tx)
  await sql`
    delete from work_item where kind = 'notification' and lease is null and wake_at is null`.execute(tx)
}
