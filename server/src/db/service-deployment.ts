import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'
import type { ServiceKey } from './rollouts.ts'

/** What should run; the status says that a rollout waits to begin. */
export async function setDesiredRevision(tx: Tx, key: ServiceKey, revisionId: string): Promise<void> {
  await tx
    .updateTable('service')
    .set((eb) => ({
      desired_revision: revisionId,
      deployment_status: 'PENDING',
      deployment_reason: 'DEPLOYING',
      deployment_message: null,
      deployment_transition_at: eb.fn<Date>('now'),
    }))
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.serviceId)
    .execute()
}

export type ObservedDeployment = {
  status: 'PENDING' | 'IN_PROGRESS' | 'COMPLETED' | 'FAILED'
  reason: 'SCALING' | 'DEPLOYING'
  message: string | null
}

/** Writes the status that was observed; nothing when it is that already. */
export async function setObservedDeployment(
  tx: Tx,
  key: ServiceKey,
  { status, reason, message }: ObservedDeployment,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('service')
    .set((eb) => ({
      deployment_status: status,
      deployment_reason: reason,
      deployment_message: message,
      deployment_transition_at: eb.fn<Date>('now'),
    }))
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.serviceId)
    .where(
      sql<boolean>`(deployment_status, deployment_reason, coalesce(deployment_message, '')) is distinct from
                   (${status}, ${reason}, coalesce(${message}::text, ''))`,
    )
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** A completed rollout makes its revision the last good one; a failed one brings the last good one back. */
export async function concludeRevision(
  tx: Tx,
  key: ServiceKey,
  change: { desired: string | null; current: string | null },
): Promise<void> {
  await tx
    .updateTable('service')
    .set({ desired_revision: change.desired, current_revision: change.current })
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.serviceId)
    .execute()
}

/** Numbers what the gateway is told, so that an older table can never replace a newer one. */
export async function nextGatewayGeneration(tx: Tx, key: ServiceKey): Promise<number> {
  const row = await tx
    .updateTable('service')
    .set((eb) => ({ gateway_generation: eb('gateway_generation', '+', 1) }))
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.serviceId)
    .returning('gateway_generation')
    .executeTakeFirstOrThrow()
  return Number(row.gateway_generation)
}

/** Keys of all services, for the resync after a start. */
export async function listServiceKeys(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('service')
    .select(['project_id', 'id'])
    .where('kind', '<>', 'build')
    .execute()
  return rows.map(({ project_id, id }) => `${project_id}/${id}`)
}

export async function hasVolume(db: Db, { projectId, serviceId }: ServiceKey): Promise<boolean> {
  const row = await db
    .selectFrom('volume')
    .select('id')
    .where('project_id', '=', projectId)
    .where('service_id', '=', serviceId)
    .executeTakeFirst()
  return row !== undefined
}
