import type { Db } from './db.ts'

export type BuildOwner = { projectId: string; ownerKind: 'service' | 'job'; ownerId: string }

export type BuildChoice = {
  id: string
  branch: string
  sha: string | null
  status: string
  artifact_digest: string | null
  artifact_kind: string | null
}

const columns = [
  'build.id',
  'branch',
  'sha',
  'status',
  'artifact_digest',
  'artifact.kind as artifact_kind',
] as const

/** One build of an owner, whatever became of it. */
export async function findBuildOf(
  db: Db,
  owner: BuildOwner,
  buildId: string,
): Promise<BuildChoice | undefined> {
  return db
    .selectFrom('build')
    .leftJoin('artifact', 'artifact.digest', 'build.artifact_digest')
    .select(columns)
    .where('project_id', '=', owner.projectId)
    .where('owner_kind', '=', owner.ownerKind)
    .where('owner_id', '=', owner.ownerId)
    .where('build.id', '=', buildId)
    .executeTakeFirst()
}

/** The newest successful build of an owner whose artifact is kept, of a branch and commit when they are named. */
export async function findNewestBuild(
  db: Db,
  owner: BuildOwner,
  { branch, sha }: { branch?: string | undefined; sha?: string | undefined },
): Promise<BuildChoice | undefined> {
  let query = db
    .selectFrom('build')
    .innerJoin('artifact', 'artifact.digest', 'build.artifact_digest')
    .select(columns)
    .where('project_id', '=', owner.projectId)
    .where('owner_kind', '=', owner.ownerKind)
    .where('owner_id', '=', owner.ownerId)
    .where('status', '=', 'SUCCESS')
  if (branch !== undefined) query = query.where('branch', '=', branch)
  if (sha !== undefined) query = query.where('sha', '=', sha)
  return query.orderBy('build.created_at', 'desc').orderBy('build.id', 'desc').limit(1).executeTakeFirst()
}
