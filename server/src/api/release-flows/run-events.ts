import type { EventPosition } from '../../db/event-log.ts'
import { currentPosition } from '../../db/event-log.ts'
import { type RunKey, requireRun } from '../../operations/runs/get.ts'
import type { ApiDeps } from '../deps.ts'
import { followEvents, startPosition } from '../events/follow.ts'
import { messageOf } from '../events/message.ts'
import type { ApiRequest } from '../route.ts'
import type { SseMessage } from '../sse.ts'

type Query = { after?: string | undefined }

const BEGINNING: EventPosition = { tx: '0', id: 0 }

/** What happens to one run and its steps, from where the caller left off. */
export async function* streamRun(
  { params, query, signal, lastEventId }: ApiRequest<RunKey, Query, unknown>,
  { db, notifications }: Pick<ApiDeps, 'db' | 'notifications'>,
): AsyncGenerator<SseMessage> {
  const run = await requireRun(db, params)
  const from = await positionOf(db, lastEventId ?? query.after)
  const filter = { topic: 'run', subject: run.id }
  for await (const row of followEvents({ db, notifications }, { filter, from, signal })) yield messageOf(row)
}

async function positionOf(db: ApiDeps['db'], after: string | undefined): Promise<EventPosition> {
  if (after === undefined) return BEGINNING
  return after === 'latest' ? currentPosition(db) : startPosition(db, after)
}
