import { notFound } from '@fairway/contract/errors'
import type { NotificationRestrictions, NotificationType } from '@fairway/contract/resources/notification'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type IntegrationRow = {
  id: string
  name: string
  type: NotificationType
  /** Sealed `{webhook, secret?}`. */
  target: Buffer
  /** As much of the address as may be shown. */
  shown: string
  restricted: boolean
  projects: string[]
  restrictions: NotificationRestrictions
  events: string[]
  disabled_reason: string | null
  failing_since: Date | null
  failed_requests: number
  created_at: Date
  updated_at: Date
}

export type NewIntegration = Pick<
  IntegrationRow,
  'id' | 'name' | 'type' | 'target' | 'shown' | 'restricted' | 'projects' | 'restrictions' | 'events'
>

export async function findIntegration(db: Db, id: string): Promise<IntegrationRow | undefined> {
  const row = await db
    .selectFrom('notification_integration')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row as IntegrationRow | undefined
}

export async function requireIntegration(db: Db, id: string): Promise<IntegrationRow> {
  const row = await findIntegration(db, id)
  if (row === undefined) throw notFound('notification integration', id)
  return row
}

/** In the order of their names; one row more than the page holds. */
export async function listIntegrations(
  db: Db,
  page: { limit: number; offset: number },
): Promise<IntegrationRow[]> {
  const rows = await db
    .selectFrom('notification_integration')
    .selectAll()
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as IntegrationRow[]
}

/** False: the id is taken. */
export async function insertIntegration(tx: Tx, row: NewIntegration): Promise<boolean> {
  const { numInsertedOrUpdatedRows = 0n } = await tx
    .insertInto('notification_integration')
    .values({ ...row, restrictions: toJson(row.restrictions) })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** What is not given stays. The past of its failures is forgotten. */
export async function changeIntegration(
  tx: Tx,
  id: string,
  { restrictions, ...change }: Partial<Omit<NewIntegration, 'id' | 'type'>>,
): Promise<void> {
  await tx
    .updateTable('notification_integration')
    .set({
      ...change,
      ...(restrictions !== undefined && { restrictions: toJson(restrictions) }),
      disabled_reason: null,
      failing_since: null,
      failed_requests: 0,
      updated_at: sql`now()`,
    })
    .where('id', '=', id)
    .execute()
}

export async function deleteIntegration(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('notification_integration').where('id', '=', id).execute()
}

/** Those that are told of such an event of this project and these tags. */
export async function listReceivers(
  db: Db,
  { event, projectId, tags }: { event: string; projectId: string | null; tags: readonly string[] },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from notification_integration
     where disabled_reason is null and ${event} = any(events)
       and (not restricted or ${projectId} = any(projects))
       and (not (restrictions #>> '{tags,enabled}')::boolean
            or case restrictions #>> '{tags,matchCondition}'
                 when 'and' then restrictions #> '{tags,items}' <@ to_jsonb(${sql.val(tags)}::text[])
                 else array(select jsonb_array_elements_text(restrictions #> '{tags,items}')) && ${sql.val(tags)}::text[]
               end)
     order by id`.execute(db)
  return rows.map(({ id }) => id)
}

/** A request went well: whatever failed before is over. */
export async function noteGoodRequest(tx: Tx, id: string): Promise<void> {
  await sql`
    update notification_integration set failing_since = null, failed_requests = 0
     where id = ${id} and failed_requests > 0`.execute(tx)
}

/** A request failed. With `reason` it gets no more of them until somebody changes it. */
export async function noteFailedRequest(tx: Tx, id: string, reason: string | null): Promise<void> {
  await sql`
    update notification_integration
       set failing_since = coalesce(failing_since, now()), failed_requests = failed_requests + 1,
           disabled_reason = coalesce(disabled_reason, ${reason})
     where id = ${id}`.execute(tx)
}
