import { streamEvents } from '@fairway/contract/routes/events'
import type { EventRow } from '../../db/event-log.ts'
import type { ApiDeps } from '../deps.ts'
import { type ApiRequest, defineStream, type Route } from '../route.ts'
import type { SseMessage } from '../sse.ts'
import { followEvents, startPosition } from './follow.ts'

const messageOf = (row: EventRow): SseMessage => ({
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

type Query = {
  topic?: string | undefined
  subject?: string | undefined
  projectId?: string | undefined
  after?: string | undefined
}

async function* stream(
  { query, signal, lastEventId }: ApiRequest<unknown, Query, unknown>,
  { db, notifications }: Pick<ApiDeps, 'db' | 'notifications'>,
): AsyncGenerator<SseMessage> {
  const from = await startPosition(db, lastEventId ?? query.after)
  for await (const row of followEvents({ db, notifications }, { filter: query, from, signal })) {
    yield messageOf(row)
  }
}

export const eventRoutes: Route[] = [defineStream(streamEvents, stream)]
