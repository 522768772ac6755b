import { sql } from 'kysely'
import type { Db } from './db.ts'
import { type ServiceRow, serviceColumns } from './services.ts'

/**
 * The services whose source is this service: itself when it is a combined one, and deployment services that name it,
 * of its own project by id, of others by `project/id`.
 */
export async function listServicesOfSource(
  db: Db,
  { projectId, ownerId }: { projectId: string; ownerId: string },
): Promise<ServiceRow[]> {
  const source = sql<string | null>`spec #>> '{deployment,internal,id}'`
  const rows = await db
    .selectFrom('service')
    .select(serviceColumns)
    .where('deleting', '=', false)
    .where((where) =>
      where.or([
        where.and([
          where('kind', '=', 'combined'),
          where('project_id', '=', projectId),
          where('id', '=', ownerId),
        ]),
        where.and([
          where('kind', '=', 'deployment'),
          where.or([
            where.and([where('project_id', '=', projectId), where(source, '=', ownerId)]),
            where(source, '=', `${projectId}/${ownerId}`),
          ]),
        ]),
      ]),
    )
    .orderBy('project_id')
    .orderBy('id')
    .execute()
  return rows as ServiceRow[]
}
