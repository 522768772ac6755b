import { sql } from 'kysely'
import type { Db } from './db.ts'

type ServiceKey = { projectId: string; serviceId: string }

export type ContainerRow = {
  id: string
  revision_id: string
  state: string
  ready: boolean
  routed: boolean
  addresses: Record<string, { host: string; port: number }>
  attempt: number
  restarts: number
  crash_looping: boolean
  last_exit: unknown
  probes: Record<string, unknown>
  created_at: Date
  started_at: Date | null
  ready_at: Date | null
  ended_at: Date | null
}

/** The instances of a service, newest first: those that run, then those that ended. */
export async function listContainers(
  db: Db,
  { projectId, serviceId }: ServiceKey,
  page: { limit: number; offset: number },
): Promise<ContainerRow[]> {
  const rows = await db
    .selectFrom('instance')
    .select(['id', 'revision_id', 'state', 'ready', 'routed', 'addresses', 'attempt', 'restarts'])
    .select(['crash_looping', 'last_exit', 'probes', 'created_at', 'started_at', 'ready_at', 'ended_at'])
    .where('project_id', '=', projectId)
    .where('service_id', '=', serviceId)
    .orderBy(sql`ended_at is not null`)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as ContainerRow[]
}

export type SampleRow = {
  instance_id: string
  at: Date
  cpu_millis: number
  memory_bytes: number
  restarts: number
}

/** What was measured of a service's instances since a moment, oldest first. */
export async function listSamples(
  db: Db,
  { projectId, serviceId }: ServiceKey,
  since: Date,
): Promise<SampleRow[]> {
  return db
    .selectFrom('metric_sample')
    .innerJoin('instance', 'instance.id', 'metric_sample.instance_id')
    .select(['instance_id', 'at', 'cpu_millis', 'memory_bytes', 'metric_sample.restarts'])
    .where('project_id', '=', projectId)
    .where('service_id', '=', serviceId)
    .where('at', '>=', since)
    .orderBy('at')
    .limit(20_000)
    .execute()
}
