import { FairwayError, notFound } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { findGitAccount } from '../../db/git-accounts.ts'
import {
  findTriggerEvent,
  insertTriggerEvent,
  lockStream,
  type TriggerEventRow,
} from '../../db/trigger-events.ts'
import { concernsProject } from '../../db/trigger-views.ts'
import { newId, schedule } from '../../db/work.ts'

/** Judges an event once more, by the rules of now, for this project alone. */
export async function replayTrigger(
  tx: Tx,
  { projectId, triggerId, actor }: { projectId: string; triggerId: string; actor: string },
): Promise<{ id: string }> {
  const row = await findTriggerEvent(tx, triggerId)
  if (row === undefined || !(await concernsProject(tx, { projectId, id: triggerId })))
    throw notFound('trigger event', triggerId)
  return storeAgain(tx, row, { projectId, actor })
}

/** The same for everything that watches the repository, also when nothing did when the delivery came. */
export async function replayDelivery(
  tx: Tx,
  { accountId, triggerId, actor }: { accountId: string; triggerId: string; actor: string },
): Promise<{ id: string }> {
  const account = await findGitAccount(tx, accountId)
  if (account === undefined) throw notFound('git account', accountId)
  const row = await findTriggerEvent(tx, triggerId)
  if (row === undefined || row.webhook_id !== account.webhook_id) throw notFound('delivery', triggerId)
  return storeAgain(tx, row, { actor })
}

async function storeAgain(
  tx: Tx,
  row: TriggerEventRow,
  { projectId, actor }: { projectId?: string; actor: string },
): Promise<{ id: string }> {
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
    replayOf: row.id,
  })
  await schedule(tx, 'trigger_event', id)
  await recordEvent(tx, {
    ...(projectId !== undefined && { projectId }),
    topic: 'audit',
    subject: `trigger/${row.id}`,
    type: 'trigger.replayed',
    actor,
    data: { replay: id },
  })
  return { id }
}
