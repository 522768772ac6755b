import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import { sql } from 'kysely'
import type { Db } from './db.ts'

/** What the host said last of a pull request of a repository; undefined when nothing is kept of it. */
export async function findPullRequestEvent(
  db: Db,
  { url, pullRequestId }: { url: string; pullRequestId: number },
): Promise<GitEvent | undefined> {
  const { rows } = await sql<{ event: GitEvent }>`
    select event from trigger_event
     where event #>> '{pullRequest,id}' = ${String(pullRequestId)} and status in ('pending', 'judged')
       and exists (select 1 from jsonb_array_elements_text(event #> '{repository,urls}') own
                    where repository_key(own) = repository_key(${url}))
     order by number desc limit 1`.execute(db)
  return rows[0]?.event
}
