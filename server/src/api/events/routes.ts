import { streamEvents } from '@fairway/contract/routes/events'
import type { ApiDeps } from '../deps.ts'
import { type ApiRequest, defineStream, type Route } from '../route.ts'
import type { SseMessage } from '../sse.ts'
import { followEvents, startPosition } from './follow.ts'
import { messageOf } from './message.ts'

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
