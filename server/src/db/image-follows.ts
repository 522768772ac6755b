import type { ExternalSource } from '@fairway/contract/resources/deployment'
import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'

export type FollowerKey = { projectId: string; kind: 'service' | 'job'; id: string }

/** A service or job with continuous deployment of an image. */
export type Follower = FollowerKey & {
  external: ExternalSource
  isPaused: boolean
  flowControlled: boolean
  /** The digest that it wants to run now. */
  deployed: string | null
}

export type ImageFollowRow = {
  reference: string
  tag: string | null
  digest: string | null
  rule: string | null
  error: string | null
  failures: number
}

const followers = sql`
  select s.project_id, 'service' as kind, s.id, s.spec, s.paused, r.artifact_digest as deployed
    from service s left join revision r on r.id = s.desired_revision
   where s.kind = 'deployment' and not s.deleting and not s.disabled_cd
     and s.spec #> '{deployment,external,follow}' is not null
  union all
  select project_id, 'job', id, spec, paused, artifact_digest
    from job where not disabled_cd and spec #> '{deployment,external,follow}' is not null`

/** Undefined: it follows no image, or is gone. Read it again after locking it. */
export async function findFollower(db: Db, key: FollowerKey): Promise<Follower | undefined> {
  const { rows } = await sql<Follower>`
    select f.project_id as "projectId", f.kind, f.id, f.spec #> '{deployment,external}' as external,
           f.paused as "isPaused", coalesce((f.spec #>> '{deployment,releaseFlowControlled}')::boolean, false)
             as "flowControlled", f.deployed
      from (${followers}) f
      join project p on p.id = f.project_id and not p.deleting
     where f.project_id = ${key.projectId} and f.kind = ${key.kind} and f.id = ${key.id}`.execute(db)
  return rows[0]
}

/** Forgets what no longer follows an image; answers the followers that nobody looked at yet. */
export async function takeUpFollowers(tx: Tx): Promise<FollowerKey[]> {
  await sql`
    delete from image_follow i where not exists (
      select 1 from (${followers}) f
       where f.project_id = i.project_id and f.kind = i.target_kind and f.id = i.target_id)`.execute(tx)
  const { rows } = await sql<FollowerKey>`
    select f.project_id as "projectId", f.kind, f.id
      from (${followers}) f
      left join image_follow i on i.project_id = f.project_id and i.target_kind = f.kind and i.target_id = f.id
     where i.project_id is null order by 1, 2, 3`.execute(tx)
  return rows
}

export async function findImageFollow(
  db: Db,
  { projectId, kind, id }: FollowerKey,
): Promise<ImageFollowRow | undefined> {
  return db
    .selectFrom('image_follow')
    .select(['reference', 'tag', 'digest', 'rule', 'error', 'failures'])
    .where('project_id', '=', projectId)
    .where('target_kind', '=', kind)
    .where('target_id', '=', id)
    .executeTakeFirst()
}

/** The next look takes what it finds as new. */
export async function forgetImageFollow(tx: Tx, { projectId, kind, id }: FollowerKey): Promise<void> {
  await tx
    .deleteFrom('image_follow')
    .where('project_id', '=', projectId)
    .where('target_kind', '=', kind)
    .where('target_id', '=', id)
    .execute()
}

export async function putImageFollow(
  tx: Tx,
  { projectId, kind, id }: FollowerKey,
  row: ImageFollowRow,
): Promise<void> {
  const values = { ...row, checked_at: sql<Date>`now()` }
  await tx
    .insertInto('image_follow')
    .values({ project_id: projectId, target_kind: kind, target_id: id, ...values })
    .onConflict((conflict) =>
      conflict.columns(['project_id', 'target_kind', 'target_id']).doUpdateSet(values),
    )
    .execute()
}
