import { FairwayError, notFound } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { findTriggerEvent, insertTriggerEvent, lockStream } from '../../db/trigger-events.ts'
import { findTriggerView } from '../../db/trigger-views.ts'
import { newId, schedule } from '../../db/work.ts'

/** Stores an event once more, to be judged by the rules of now for this project alone. */
export async function replayTrigger(
  tx: Tx,
  { projectId, triggerId, actor }: { projectId: string; triggerId: string; actor: string },
): Promise<{ id: string }> {
  const seen = await findTriggerView(tx, { projectId, id: triggerId })
  const row = await findTriggerEvent(tx, triggerId)
  if (seen === undefined || row === undefined) throw notFound('trigger event', triggerId)
  if (row.event === null || row.status === 'refused' || row.status === 'pending') {
    throw new FairwayError('invalid_state', 'Only events of a git host that were judged can be replayed.')
  }
  const id = newId()
  await lockStream(tx, row.stream)
  await insertTriggerEvent(tx, {
    id,
    source: row.source,
    stream: row.stream,
    status: 'pending',
    event: row.event,
    projectId,
    actor,
    replayOf: triggerId,
  })
  await schedule(tx, 'trigger_event', id)
  await recordEvent(tx, {
    projectId,
    topic: 'audit',
    subject: `${projectId}/${triggerId}`,
    type: 'trigger.replayed',
    actor,
    data: { replay: id },
  })
  return { id }
}
