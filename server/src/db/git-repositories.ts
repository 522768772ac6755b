import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

export type GitRepositoryRow = {
  key: string
  url: string
  refs: Record<string, string> | null
  polled_at: Date | null
  webhook_at: Date | null
  error: string | null
}

const watched = sql`
  select repository_key(url) as key, min(url) as url from (
    select spec #>> '{vcsData,projectUrl}' as url from service where kind in ('combined', 'build') and not deleting
    union all select spec #>> '{vcsData,projectUrl}' from job
    union all select settings ->> 'repoUrl' from gitops_link
    union all select t ->> 'repoUrl' from release_flow,
      jsonb_array_elements(coalesce(document -> 'triggers', '[]')) t) all_urls
   where url is not null group by 1`

/** Takes up repositories that are watched and forgets the others; answers the keys of the new ones. */
export async function takeUpRepositories(tx: Tx): Promise<string[]> {
  await sql`delete from git_repository where key not in (select key from (${watched}) w)`.execute(tx)
  const { rows } = await sql<{ key: string }>`
    insert into git_repository (key, url) select key, url from (${watched}) w
    on conflict (key) do update set url = excluded.url where git_repository.url <> excluded.url
    returning key`.execute(tx)
  return rows.map(({ key }) => key)
}

export const findRepository = async (db: Db, key: string): Promise<GitRepositoryRow | undefined> =>
  (await db.selectFrom('git_repository').selectAll().where('key', '=', key).executeTakeFirst()) as
    | GitRepositoryRow
    | undefined

export async function noteHeads(tx: Tx, key: string, refs: Record<string, string>): Promise<void> {
  await tx
    .updateTable('git_repository')
    .set({ refs: toJson(refs), polled_at: sql<Date>`now()`, error: null })
    .where('key', '=', key)
    .execute()
}

export async function notePollError(tx: Tx, key: string, error: string): Promise<void> {
  await tx
    .updateTable('git_repository')
    .set({ polled_at: sql<Date>`now()`, error })
    .where('key', '=', key)
    .execute()
}

/** Whether the ledger holds an event of this stream for this commit: a delivery told of it already. */
export async function knowsCommit(
  db: Db,
  { stream, sha }: { stream: string; sha: string | null },
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from trigger_event
     where stream = ${stream} and event ->> 'after' is not distinct from ${sha} limit 1`.execute(db)
  return rows.length > 0
}
