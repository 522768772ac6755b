import { notificationOf } from '@fairway/contract/notification-events'
import { sql } from 'kysely'
import { type Db, notify, toJson } from './db.ts'
import { tellLater } from './notification-plans.ts'

export type EventTopic =
  | 'run'
  | 'build'
  | 'service'
  | 'instance'
  | 'job-run'
  | 'addon'
  | 'backup'
  | 'volume'
  | 'certificate'
  | 'trigger'
  | 'audit'

export type NewEvent = {
  projectId?: string
  topic: EventTopic
  /** Id of what it is about; for project resources `projectId/resourceId`. */
  subject: string
  /** For instance `node.success`, `instance.ready`, `build.status`. */
  type: string
  actor?: string
  data?: Record<string, unknown>
}

export const EVENT_CHANNEL = 'fairway_event'

/** Records an event in the change's own transaction and wakes the live streams when it commits. */
export async function recordEvent(db: Db, event: NewEvent): Promise<void> {
  const row = await db
    .insertInto('event')
    .values({
      project_id: event.projectId ?? null,
      topic: event.topic,
      subject: event.subject,
      type: event.type,
      actor: event.actor ?? null,
      data: toJson(event.data ?? {}),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await notify(db, EVENT_CHANNEL, `${row.id} ${event.topic} ${event.subject}`)
  await tellLater(db, [{ id: row.id, name: notificationOf(event) }])
}

/** Records several events of one subject in their order, at the cost of one. */
export async function recordEvents(db: Db, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return
  const { rows } = await sql<{ ids: number[] }>`
    with added as (
      insert into event (project_id, topic, subject, type, actor, data)
      select e."projectId", e.topic, e.subject, e.type, e.actor, coalesce(e.data, '{}')
        from rows from (jsonb_to_recordset(${toJson(events)}::jsonb) as
             ("projectId" text, topic text, subject text, type text, actor text, data jsonb))
             with ordinality as e("projectId", topic, subject, type, actor, data, place)
       order by place
      returning id, topic, subject)
    select pg_notify(${EVENT_CHANNEL}, max(id) || ' ' || topic || ' ' || subject),
           json_agg(id) as ids
      from added group by topic, subject`.execute(db)
  // Ids grow in the order in which the events were given.
  const ids = rows.flatMap((row) => row.ids).sort((a, b) => a - b)
  await tellLater(
    db,
    events.map((event, index) => ({ id: ids[index] ?? 0, name: notificationOf(event) })),
  )
}
