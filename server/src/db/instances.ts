import { type InstanceState, instanceMoves, sourcesOf } from '@fairway/contract/states'
import { type Db, type Tx, toJson } from './db.ts'
import type { ServiceKey } from './rollouts.ts'

export type ProbeRecord = {
  passing: boolean
  /** In a row. */
  successes: number
  failures: number
  lastAnswers: { at: string; ok: boolean; latencyMs: number; response: string }[]
  changedAt: string
}

/** How the last attempt ended. `recent`: when attempts ended lately, for the back-off. `message`: why it never started. */
export type LastExit = {
  at: string
  exitCode?: number
  signal?: string
  message?: string
  /** Ends in a row without a long run between them. */
  streak: number
  recent: string[]
}

export type InstanceRow = {
  id: string
  revision_id: string
  rollout_id: string | null
  state: InstanceState
  ready: boolean
  routed: boolean
  addresses: Record<string, { host: string; port: number }>
  attempt: number
  restarts: number
  next_start_at: Date | null
  crash_looping: boolean
  last_exit: LastExit | null
  probes: Record<string, ProbeRecord>
  drain_deadline: Date | null
  created_at: Date
  started_at: Date | null
  ready_at: Date | null
}

const columns = [
  'id',
  'revision_id',
  'rollout_id',
  'state',
  'ready',
  'routed',
  'addresses',
  'attempt',
  'restarts',
  'next_start_at',
  'crash_looping',
  'last_exit',
  'probes',
  'drain_deadline',
  'created_at',
  'started_at',
  'ready_at',
] as const

/** The instances of a service that are not gone, oldest first. */
export async function listInstances(db: Db, key: ServiceKey): Promise<InstanceRow[]> {
  const rows = await db
    .selectFrom('instance')
    .select(columns)
    .where('project_id', '=', key.projectId)
    .where('service_id', '=', key.serviceId)
    .where('state', '<>', 'gone')
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows as InstanceRow[]
}

export async function insertInstance(
  tx: Tx,
  key: ServiceKey,
  instance: { id: string; revisionId: string; rolloutId: string | null },
): Promise<InstanceRow> {
  const row = await tx
    .insertInto('instance')
    .values({
      id: instance.id,
      project_id: key.projectId,
      service_id: key.serviceId,
      revision_id: instance.revisionId,
      rollout_id: instance.rolloutId,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
  return row as InstanceRow
}

export type InstanceChange = Partial<
  Omit<InstanceRow, 'id' | 'revision_id' | 'rollout_id' | 'state' | 'created_at'> & { ended_at: Date }
>

/** The only writer of an instance's state. False: the move is not allowed from where it is now. */
export async function moveInstance(
  tx: Tx,
  id: string,
  to: InstanceState,
  change: InstanceChange = {},
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('instance')
    .set({ state: to, ...stored(change) })
    .where('id', '=', id)
    .where('state', 'in', sourcesOf(instanceMoves, to))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Writes what was observed of an instance that stays in its state. */
export async function updateInstance(tx: Tx, id: string, change: InstanceChange): Promise<void> {
  if (Object.keys(change).length === 0) return
  await tx.updateTable('instance').set(stored(change)).where('id', '=', id).execute()
}

function stored({ addresses, last_exit, probes, ...plain }: InstanceChange) {
  return {
    ...plain,
    ...(addresses !== undefined && { addresses: toJson(addresses) }),
    ...(last_exit !== undefined && { last_exit: last_exit === null ? null : toJson(last_exit) }),
    ...(probes !== undefined && { probes: toJson(probes) }),
  }
}
