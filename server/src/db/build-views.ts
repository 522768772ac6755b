import type { BuildOwner } from './build-choice.ts'
import type { Db } from './db.ts'

export type BuildView = {
  id: string
  branch: string
  pull_request_id: number | null
  sha: string | null
  message: string | null
  status: string
  artifact_digest: string | null
  error: unknown
  created_at: Date
  started_at: Date | null
  concluded_at: Date | null
}

const columns = [
  'id',
  'branch',
  'pull_request_id',
  'sha',
  'message',
  'status',
  'artifact_digest',
  'error',
  'created_at',
  'started_at',
  'concluded_at',
] as const

/** The builds of an owner, newest first. */
export async function listBuildViews(
  db: Db,
  { projectId, ownerKind, ownerId }: BuildOwner,
  page: { limit: number; offset: number },
): Promise<BuildView[]> {
  return db
    .selectFrom('build')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('owner_kind', '=', ownerKind)
    .where('owner_id', '=', ownerId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
}

export async function findBuildView(
  db: Db,
  { projectId, ownerKind, ownerId }: BuildOwner,
  buildId: string,
): Promise<BuildView | undefined> {
  return db
    .selectFrom('build')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('owner_kind', '=', ownerKind)
    .where('owner_id', '=', ownerId)
    .where('id', '=', buildId)
    .executeTakeFirst()
}
