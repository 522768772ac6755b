import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'
import { type JobRow, jobColumns } from './jobs.ts'

export type JobArtifact = { kind: string; digest: string; buildId: string | null; source: unknown }

/** What the next run of a job runs. */
export async function setJobArtifact(
  tx: Tx,
  { projectId, jobId }: { projectId: string; jobId: string },
  artifact: JobArtifact,
): Promise<void> {
  await tx
    .updateTable('job')
    .set({
      artifact_kind: artifact.kind,
      artifact_digest: artifact.digest,
      build_id: artifact.buildId,
      source: toJson(artifact.source),
      updated_at: sql<Date>`now()`,
    })
    .where('project_id', '=', projectId)
    .where('id', '=', jobId)
    .execute()
}

/** The jobs with continuous deployment whose source is this service or job, their own builds included. */
export async function listJobsFollowing(
  db: Db,
  { projectId, ownerKind, ownerId }: { projectId: string; ownerKind: string; ownerId: string },
): Promise<JobRow[]> {
  const source = sql<string | null>`spec #>> '{deployment,internal,id}'`
  const rows = await db
    .selectFrom('job')
    .select(jobColumns)
    .where('disabled_cd', '=', false)
    .where((where) =>
      where.or([
        where.and([
          where.val(ownerKind === 'job'),
          where('project_id', '=', projectId),
          where('id', '=', ownerId),
        ]),
        where.and([where('project_id', '=', projectId), where(source, '=', ownerId)]),
        where(source, '=', `${projectId}/${ownerId}`),
      ]),
    )
    .orderBy('project_id')
    .orderBy('id')
    .execute()
  return rows as JobRow[]
}

/** Whether a job has a build of the same owner and branch that was made after this one. */
export async function hasNewerBuild(
  db: Db,
  build: { projectId: string; buildId: string },
  current: string | null,
): Promise<boolean> {
  if (current === null) return false
  const { rows } = await sql`
    select 1 from build mine
      join build other on other.project_id = mine.project_id and other.owner_kind = mine.owner_kind
       and other.owner_id = mine.owner_id and other.branch = mine.branch and other.created_at > mine.created_at
     where mine.project_id = ${build.projectId} and mine.id = ${build.buildId} and other.id = ${current}`.execute(
    db,
  )
  return rows.length > 0
}
