import { sql } from 'kysely'
import type { Db } from './db.ts'

export type OwnerKind = 'service' | 'job'

export type BuildStatusRow = { owner_id: string; status: string; changed_at: Date }

/** The status of the newest build of each owner. */
export async function readBuildStatuses(
  db: Db,
  projectId: string,
  kind: OwnerKind,
  ids: readonly string[],
): Promise<Map<string, BuildStatusRow>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<BuildStatusRow>`
    select o.id as owner_id, b.status, coalesce(b.concluded_at, b.started_at, b.created_at) as changed_at
      from unnest(${sql.val(ids)}::text[]) o(id)
      join lateral (select status, created_at, started_at, concluded_at from build
                     where project_id = ${projectId} and owner_kind = ${kind} and owner_id = o.id
                     order by created_at desc limit 1) b on true`.execute(db)
  return new Map(rows.map((row) => [row.owner_id, row]))
}

export type DeployedSource = {
  internal?: { id: string; branch: string; buildSHA: string | null; buildId: string; projectId?: string }
  external?: { imagePath: string; credentials?: string }
}

/** What the wanted revision of a service was made from; undefined when nothing was ever deployed. */
export async function readDeployedSource(
  db: Db,
  revisionId: string | null,
): Promise<DeployedSource | undefined> {
  if (revisionId === null) return undefined
  const row = await db.selectFrom('revision').select('source').where('id', '=', revisionId).executeTakeFirst()
  return row?.source as DeployedSource | undefined
}

/** The repository that a service or job builds, for naming where a deployed build comes from. */
export async function readRepository(db: Db, projectId: string, ownerId: string): Promise<string> {
  const { rows } = await sql<{ url: string | null }>`
    select spec->'vcsData'->>'projectUrl' as url from service where project_id = ${projectId} and id = ${ownerId}
    union all
    select spec->'vcsData'->>'projectUrl' from job where project_id = ${projectId} and id = ${ownerId}
    limit 1`.execute(db)
  return rows[0]?.url ?? ''
}
