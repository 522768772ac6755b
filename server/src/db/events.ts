import { type Db, notify, toJson } from './db.ts'

export type EventTopic = 'run' | 'build' | 'service' | 'instance' | 'job-run' | 'addon' | 'backup' | 'audit'

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
}
