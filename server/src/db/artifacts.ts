import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type NewArtifact = {
  digest: string
  kind: string
  sizeBytes: number
  processes: Readonly<Record<string, string>>
}

/** Held shared while an artifact is recorded, and alone while artifacts are removed. */
const ARTIFACT_LOCK = 7_420_001

export async function lockArtifactsShared(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${ARTIFACT_LOCK})`.execute(tx)
}

export async function lockArtifacts(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${ARTIFACT_LOCK})`.execute(tx)
}

/** Two builds may make the same. */
export async function insertArtifact(tx: Tx, artifact: NewArtifact): Promise<void> {
  await tx
    .insertInto('artifact')
    .values({
      digest: artifact.digest,
      kind: artifact.kind,
      size_bytes: artifact.sizeBytes,
      processes: toJson(artifact.processes),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Undefined: it is not kept any more. */
export async function findArtifactKind(db: Db, digest: string): Promise<'bundle' | 'image' | undefined> {
  const row = await db.selectFrom('artifact').select('kind').where('digest', '=', digest).executeTakeFirst()
  return row?.kind as 'bundle' | 'image' | undefined
}

export async function listArtifactDigests(db: Db): Promise<string[]> {
  return (await db.selectFrom('artifact').select('digest').execute()).map(({ digest }) => digest)
}

export type Keeping = { revisions: number; runs: number; builds: number }

/**
 * Forgets the artifacts that nothing may need again, and answers their digests. Kept is what is named by: a
 * service's wanted and last good revision, its newest revisions, one that runs or rolls out; a job or an unfinished
 * job run; the stages of the newest runs of a release flow, and unfinished runs; the newest successful builds of an owner.
 */
export async function forgetUnusedArtifacts(tx: Tx, keeping: Keeping): Promise<string[]> {
  const { rows } = await sql<{ digest: string }>`
    with kept as (
      select r.artifact_digest from revision r
        join service s on s.project_id = r.project_id and s.id = r.service_id
       where r.id in (s.desired_revision, s.current_revision)
      union select artifact_digest from (
        select artifact_digest, row_number() over (partition by project_id, service_id order by number desc) as place
          from revision) newest where place <= ${keeping.revisions}
      union select r.artifact_digest from revision r join instance i on i.revision_id = r.id where i.state <> 'gone'
      union select r.artifact_digest from revision r
        join rollout o on r.id in (o.revision_id, o.previous_revision_id) where o.state in ('pending', 'running')
      union select artifact_digest from job where artifact_digest is not null
      union select artifact_digest from job_run where artifact_digest is not null and concluded_at is null
      union select artifact_digest from (
        select artifact_digest,
               row_number() over (partition by project_id, owner_kind, owner_id order by created_at desc) as place
          from build where artifact_digest is not null) newest where place <= ${keeping.builds}
    ), stages as (
      select stage_before::text || stage_after::text as text from (
        select coalesce(stage_before, '{}') as stage_before, coalesce(stage_after, '{}') as stage_after, concluded_at,
               row_number() over (partition by project_id, pipeline_id, stage order by number desc) as place
          from release_run) newest
       where place <= ${keeping.runs} or concluded_at is null
    ), unused as materialized (
      select digest from artifact a
       where not exists (select 1 from kept where artifact_digest = a.digest)
         and not exists (select 1 from stages where position(a.digest in text) > 0)
    ), unlinked as (
      update build set artifact_digest = null where artifact_digest in (select digest from unused)
    )
    select digest from unused`.execute(tx)
  const digests = rows.map(({ digest }) => digest)
  if (digests.length > 0) await tx.deleteFrom('artifact').where('digest', 'in', digests).execute()
  return digests
}
