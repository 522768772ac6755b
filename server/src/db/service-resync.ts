import { sql } from 'kysely'
import type { Db } from './db.ts'

export type ResyncInstance = {
  id: string
  service: string
  attempt: number
  state: string
  routed: boolean
}

/** Every instance that is not gone, with the service it belongs to. */
export async function listAllInstances(db: Db): Promise<ResyncInstance[]> {
  const { rows } = await sql<ResyncInstance>`
    select id, project_id || '/' || service_id as service, attempt, state, routed
      from instance where state <> 'gone'`.execute(db)
  return rows
}

/** What the gateway should hold: services with routes, and the generation it acknowledged. */
export async function listGatewayStates(db: Db): Promise<{ service: string; generation: number }[]> {
  const { rows } = await sql<{ service: string; generation: number }>`
    select project_id || '/' || id as service, gateway_generation as generation
      from service where gateway_routes is not null`.execute(db)
  return rows
}

/** The gateway lost what it had acknowledged: it has to be told again. */
export async function forgetGatewayRoutes(db: Db, services: readonly string[]): Promise<void> {
  if (services.length === 0) return
  await sql`
    update service set gateway_routes = '' where project_id || '/' || id = any(${sql.val(services)}::text[])
      and gateway_routes is not null`.execute(db)
}

/** Runtime ids of instances that are gone since before the moment, with their rows removed. */
export async function pruneInstances(db: Db, before: Date): Promise<void> {
  await sql`delete from instance where state = 'gone' and ended_at < ${before}`.execute(db)
}

/** Which of these instances are gone, and since when. */
export async function readEnds(db: Db, ids: readonly string[]): Promise<Map<string, Date>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<{ id: string; ended_at: Date }>`
    select id, ended_at from instance
     where state = 'gone' and ended_at is not null and id = any(${sql.val(ids)}::text[])`.execute(db)
  return new Map(rows.map((row) => [row.id, row.ended_at]))
}
