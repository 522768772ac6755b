import type { EventRow } from '../../db/event-log.ts'
import type { SseMessage } from '../sse.ts'

/** An event as streams send it. */
export const messageOf = (row: EventRow): SseMessage => ({
  id: `${row.tx}-${row.id}`,
  event: row.topic,
  data: {
    id: row.id,
    at: row.at.toISOString(),
    projectId: row.project_id,
    topic: row.topic,
    subject: row.subject,
    type: row.type,
    actor: row.actor,
    data: row.data,
  },
})
