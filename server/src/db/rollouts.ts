import { type RolloutState, rolloutMoves, sourcesOf } from '@fairway/contract/states'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type ServiceKey = { projectId: string; serviceId: string }

export type RolloutRow = {
  id: string
  revision_id: string
  previous_revision_id: string | null
  state: RolloutState
  message: string | null
  receipt: unknown
  created_at: Date
  started_at: Date | null
  progressed_at: Date | null
}

const columns = [
  'id',
  'revision_id',
  'previous_revision_id',
  'state',
  'message',
  'receipt',
  'created_at',
  'started_at',
  'progressed_at',
] as const

/** The rollout that is pending or running, if any: there is at most one. */
export async function findActiveRollout(db: Db, key: ServiceKey): Promise<RolloutRow | undefined> {
  const row = await db
    .selectFrom('rollout')
    .select(columns)
    .where('project_id', '=', key.projectId)
    .where('service_id', '=', key.serviceId)
    .where('state', 'in', ['pending', 'running'])
    .executeTakeFirst()
  return row as RolloutRow | undefined
}

/** How the newest rollout of the service stands. */
export async function findNewestRollout(db: Db, key: ServiceKey): Promise<RolloutRow | undefined> {
  const row = await db
    .selectFrom('rollout')
    .select(columns)
    .where('project_id', '=', key.projectId)
    .where('service_id', '=', key.serviceId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row as RolloutRow | undefined
}

export async function insertRollout(
  tx: Tx,
  key: ServiceKey,
  rollout: { id: string; revisionId: string; previousRevisionId: string | null },
): Promise<void> {
  await tx
    .insertInto('rollout')
    .values({
      id: rollout.id,
      project_id: key.projectId,
      service_id: key.serviceId,
      revision_id: rollout.revisionId,
      previous_revision_id: rollout.previousRevisionId,
    })
    .execute()
}

export type RolloutChange = { message?: string; evidence?: unknown; receipt?: unknown }

/** The only writer of a rollout's state. False: it had moved on already, drop what you know. */
export async function moveRollout(
  tx: Tx,
  id: string,
  to: RolloutState,
  { message, evidence, receipt }: RolloutChange = {},
): Promise<boolean> {
  const ends = to !== 'running'
  const { numUpdatedRows } = await tx
    .updateTable('rollout')
    .set((eb) => ({
      state: to,
      ...(ends ? { ended_at: eb.fn<Date>('now') } : { started_at: eb.fn<Date>('now') }),
      ...(to === 'running' && { progressed_at: eb.fn<Date>('now') }),
      ...(message !== undefined && { message }),
      ...(evidence !== undefined && { evidence: toJson(evidence) }),
      ...(receipt !== undefined && { receipt: toJson(receipt) }),
    }))
    .where('id', '=', id)
    .where('state', 'in', sourcesOf(rolloutMoves, to))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Adds what was counted of drains to the receipt of the newest rollout that ended or runs. */
export async function addToReceipt(
  tx: Tx,
  id: string,
  { drained, cut }: { drained: number; cut: number },
): Promise<void> {
  await sql`
    update rollout set receipt = coalesce(receipt, '{}') || jsonb_build_object(
      'drained', coalesce((receipt->>'drained')::int, 0) + ${drained}::int,
      'cut', coalesce((receipt->>'cut')::int, 0) + ${cut}::int)
     where id = ${id}`.execute(tx)
}
