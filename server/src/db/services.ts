import { FairwayError, notFound } from '@fairway/contract/errors'
import type { ServiceKind, ServiceSpec } from '@fairway/contract/resources/service'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type ServiceRow = {
  project_id: string
  id: string
  kind: ServiceKind
  name: string
  description: string
  spec: ServiceSpec
  tags: string[]
  config_version: number
  instances: number
  paused: boolean
  disabled_ci: boolean
  disabled_cd: boolean
  deleting: boolean
  desired_revision: string | null
  current_revision: string | null
  deployment_status: string
  deployment_reason: string
  deployment_message: string | null
  deployment_transition_at: Date
  created_at: Date
  updated_at: Date
}

export const serviceColumns = [
  'project_id',
  'id',
  'kind',
  'name',
  'description',
  'spec',
  'tags',
  'config_version',
  'instances',
  'paused',
  'disabled_ci',
  'disabled_cd',
  'deleting',
  'desired_revision',
  'current_revision',
  'deployment_status',
  'deployment_reason',
  'deployment_message',
  'deployment_transition_at',
  'created_at',
  'updated_at',
] as const

type ServiceKey = { projectId: string; serviceId: string }

export async function findService(
  db: Db,
  { projectId, serviceId }: ServiceKey,
): Promise<ServiceRow | undefined> {
  const row = await db
    .selectFrom('service')
    .select(serviceColumns)
    .where('project_id', '=', projectId)
    .where('id', '=', serviceId)
    .executeTakeFirst()
  return row as ServiceRow | undefined
}

export async function requireService(db: Db, key: ServiceKey): Promise<ServiceRow> {
  const service = await findService(db, key)
  if (service === undefined) throw notFound('service', key.serviceId)
  return service
}

/** The service for a change: locked, and not one that is being deleted. */
export async function lockService(tx: Tx, key: ServiceKey): Promise<ServiceRow> {
  const row = await tx
    .selectFrom('service')
    .select(serviceColumns)
    .where('project_id', '=', key.projectId)
    .where('id', '=', key.serviceId)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw notFound('service', key.serviceId)
  if (!row.deleting) return row as ServiceRow
  throw new FairwayError('invalid_state', `The service "${key.serviceId}" is being deleted.`)
}

export async function listServices(
  db: Db,
  projectId: string,
  page: { limit: number; offset: number },
): Promise<ServiceRow[]> {
  const rows = await db
    .selectFrom('service')
    .select(serviceColumns)
    .where('project_id', '=', projectId)
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as ServiceRow[]
}

export type NewService = Pick<
  ServiceRow,
  | 'project_id'
  | 'id'
  | 'kind'
  | 'name'
  | 'description'
  | 'spec'
  | 'tags'
  | 'instances'
  | 'disabled_ci'
  | 'disabled_cd'
>

/** Undefined: there is a service of this id. */
export async function insertService(tx: Tx, service: NewService): Promise<ServiceRow | undefined> {
  const row = await tx
    .insertInto('service')
    .values({ ...service, spec: toJson(service.spec) })
    .onConflict((conflict) => conflict.columns(['project_id', 'id']).doNothing())
    .returning(serviceColumns)
    .executeTakeFirst()
  return row as ServiceRow | undefined
}

export type ServiceChange = Partial<
  Pick<
    ServiceRow,
    'description' | 'spec' | 'tags' | 'config_version' | 'disabled_ci' | 'disabled_cd' | 'deleting'
  >
>

export async function updateService(
  tx: Tx,
  { projectId, serviceId }: ServiceKey,
  { spec, ...change }: ServiceChange,
): Promise<ServiceRow> {
  const row = await tx
    .updateTable('service')
    .set((eb) => ({ ...change, ...(spec && { spec: toJson(spec) }), updated_at: eb.fn<Date>('now') }))
    .where('project_id', '=', projectId)
    .where('id', '=', serviceId)
    .returning(serviceColumns)
    .executeTakeFirstOrThrow()
  return row as ServiceRow
}

/** Keeps what a configuration version said, for revisions and rollbacks. */
export async function insertServiceConfig(tx: Tx, service: ServiceRow): Promise<void> {
  await tx
    .insertInto('service_config')
    .values({
      project_id: service.project_id,
      service_id: service.id,
      version: service.config_version,
      spec: toJson(service.spec),
    })
    .execute()
}

export async function clearBuildCache(tx: Tx, { projectId, serviceId }: ServiceKey): Promise<void> {
  await tx
    .updateTable('service')
    .set({ build_cache_cleared_at: sql<Date>`now()` })
    .where('project_id', '=', projectId)
    .where('id', '=', serviceId)
    .execute()
}
