import type { BuildConfiguration } from '@fairway/contract/resources/build-settings'
import type { VcsData } from '@fairway/contract/resources/git'
import { type BuildStatus, buildMoves, unfinished } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { BuildOwner } from './build-choice.ts'
import { type Db, type Tx, toJson } from './db.ts'

/** A service or job that builds a repository. */
export type WatcherRow = BuildOwner & { vcs: VcsData; configuration: BuildConfiguration; disabledCI: boolean }

/** What is known of an owner's builds of one branch. */
export type BranchBuilds = BuildOwner & {
  /** The newest build of the branch, whatever became of it. */
  newest: { id: string; sha: string | null; status: BuildStatus } | null
  /** The commit of the newest build that succeeded or is under way. */
  builtSha: string | null
}

/** The names of repositories for comparison; see `repository_key` in the migrations. */
export async function repositoryKeys(db: Db, urls: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select distinct repository_key(url) as key from unnest(${sql.val(urls)}::text[]) url`.execute(db)
  return rows.map(({ key }) => key)
}

/** Every service and job that builds one of these repositories, of one project when it is named. */
export async function listWatchers(
  db: Db,
  { keys, projectId }: { keys: readonly string[]; projectId?: string | undefined },
): Promise<WatcherRow[]> {
  const wanted = sql`repository_key(spec #>> '{vcsData,projectUrl}') = any(${sql.val(keys)}::text[])
    and (${projectId ?? null}::text is null or project_id = ${projectId ?? null})`
  const { rows } = await sql<WatcherRow>`
    with watching as (
      select project_id, 'service' as kind, id, spec, disabled_ci from service
       where kind in ('combined', 'build') and not deleting and ${wanted}
      union all
      select project_id, 'job', id, spec, disabled_ci from job where ${wanted})
    select w.project_id as "projectId", w.kind as "ownerKind", w.id as "ownerId", w.spec -> 'vcsData' as vcs,
           coalesce(w.spec -> 'buildConfiguration', '{}') as configuration, w.disabled_ci as "disabledCI"
      from watching w
      join project p on p.id = w.project_id and not p.deleting
     order by w.project_id, w.kind, w.id`.execute(db)
  return rows
}

const owners = (list: readonly BuildOwner[]) =>
  sql`jsonb_to_recordset(${toJson(list)}::jsonb) as o("projectId" text, "ownerKind" text, "ownerId" text)`

/** What these owners have built of a branch, in one query however many they are. */
export async function listBranchBuilds(
  db: Db,
  list: readonly BuildOwner[],
  branch: string,
): Promise<BranchBuilds[]> {
  const alive = ['SUCCESS', ...unfinished(buildMoves)]
  const { rows } = await sql<BranchBuilds>`
    select o.*, newest.value as newest, built.sha as "builtSha"
      from ${owners(list)}
      left join lateral (
        select jsonb_build_object('id', id, 'sha', sha, 'status', status) as value from build
         where project_id = o."projectId" and owner_kind = o."ownerKind" and owner_id = o."ownerId"
           and branch = ${branch}
         order by created_at desc limit 1) newest on true
      left join lateral (
        select sha from build
         where project_id = o."projectId" and owner_kind = o."ownerKind" and owner_id = o."ownerId"
           and branch = ${branch} and sha is not null and not abort_requested
           and status = any(${sql.val(alive)}::text[])
         order by created_at desc limit 1) built on true`.execute(db)
  return rows
}

/**
 * Builds of these owners and this branch that were started by `actor` and wait for a worker; of owners that abort what
 * is outdated those that run too.
 */
export async function listOutdatedBuilds(
  tx: Tx,
  list: readonly (BuildOwner & { abortsRunning: boolean })[],
  { branch, actor }: { branch: string; actor: string },
): Promise<(BuildOwner & { buildId: string })[]> {
  const { rows } = await sql<BuildOwner & { buildId: string }>`
    select b.project_id as "projectId", owner_kind as "ownerKind", owner_id as "ownerId", b.id as "buildId"
      from jsonb_to_recordset(${toJson(list)}::jsonb)
           as o("projectId" text, "ownerKind" text, "ownerId" text, "abortsRunning" boolean)
      join build b on b.project_id = o."projectId" and b.owner_kind = o."ownerKind" and b.owner_id = o."ownerId"
     where (b.status = 'QUEUED' or o."abortsRunning" and b.status = any(${sql.val(unfinished(buildMoves))}::text[]))
       and not b.abort_requested and b.branch = ${branch} and b.created_by = ${actor}
     order by b.project_id, b.id`.execute(tx)
  return rows
}
