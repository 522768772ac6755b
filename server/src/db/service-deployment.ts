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

/**
 * Writes the status that was observed while `desired` was wanted; nothing when it is that already, and nothing when
 * something else is wanted meanwhile: of that, nothing was observed yet.
 */
export async function setObservedDeployment(
  tx: Tx,
  key: ServiceKey,
  { status, reason, message, desired }: ObservedDeployment & { desired: string | null },
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
    .where('desired_revision', 'is not distinct from', desired)
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

/** What the gateway holds of this service, as far as it acknowledged it. */
export async function readGatewayState(
  db: Db,
  { projectId, serviceId }: ServiceKey,
): Promise<{ generation: number; routes: string | null }> {
  const row = await db
    .selectFrom('service')
    .select(['gateway_generation as generation', 'gateway_routes as routes'])
    .where('project_id', '=', projectId)
    .where('id', '=', serviceId)
    .executeTakeFirst()
  return { generation: Number(row?.generation ?? 0), routes: row?.routes ?? null }
}

/** Remembers what the gateway acknowledged. Null: it holds nothing of this service. */
export async function setGatewayRoutes(tx: Tx, key: ServiceKey, routes: string | null): Promise<void> {
  await tx
    .updateTable('service')
    .set({ gateway_routes: routes })
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.serviceId)
    .execute()
}

/** The gateway holds a newer generation than we know of: numbers go on from there. */
export async function raiseGatewayGeneration(tx: Tx, key: ServiceKey, held: number): Promise<void> {
  await tx
    .updateTable('service')
    .set((eb) => ({ gateway_generation: eb.fn<number>('greatest', ['gateway_generation', eb.val(held)]) }))
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.serviceId)
    .execute()
}

/** Removes the service with its own values and holds, so that a later one of the same name starts clean. */
export async function deleteService(tx: Tx, { projectId, serviceId }: ServiceKey): Promise<void> {
  await tx
    .deleteFrom('own_secret')
    .where('project_id', '=', projectId)
    .where('owner_kind', '=', 'service')
    .where('owner_id', '=', serviceId)
    .execute()
  await tx
    .deleteFrom('hold')
    .where('project_id', '=', projectId)
    .where('target_kind', '=', 'service')
    .where('target_id', '=', serviceId)
    .execute()
  await tx
    .updateTable('volume')
    .set({ service_id: null })
    .where('project_id', '=', projectId)
    .where('service_id', '=', serviceId)
    .execute()
  await tx.deleteFrom('service').where('project_id', '=', projectId).where('id', '=', serviceId).execute()
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
