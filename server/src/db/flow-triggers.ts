import type { FlowDocument } from '@fairway/contract/flow'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'
import type { FlowKey } from './release-flows.ts'

/** A flow with what tells its own triggers from those of another repository. */
export type WatchingFlow = FlowKey & {
  document: FlowDocument
  /** `repository_key` of each trigger, in their order; null where it has no repository. */
  repositories: (string | null)[]
}

/** Flows with a trigger for one of these repositories, of one project or only one flow when that is named. */
export async function listWatchingFlows(
  db: Db,
  { keys, projectId, flow }: { keys: readonly string[]; projectId?: string | undefined; flow?: FlowKey },
): Promise<WatchingFlow[]> {
  const { rows } = await sql<WatchingFlow>`
    select f.project_id as "projectId", f.pipeline_id as "pipelineId", f.stage, f.document,
           array(select repository_key(t ->> 'repoUrl')
                   from jsonb_array_elements(f.document -> 'triggers') with ordinality one(t, n)
                  order by n) as repositories
      from release_flow f
      join project p on p.id = f.project_id and not p.deleting
     where flow_repositories(f.document) && ${sql.val(keys)}::text[]
       and (${projectId ?? null}::text is null or f.project_id = ${projectId ?? null})
       and (${flow?.stage ?? null}::text is null or (f.project_id, f.pipeline_id, f.stage) =
            (${flow?.projectId ?? null}, ${flow?.pipelineId ?? null}, ${flow?.stage ?? null}))
     order by f.project_id, f.pipeline_id, f.stage`.execute(db)
  return rows
}

/** What an event of a repository and branch started of a flow last. */
export type FlowStart = FlowKey & { sha: string; runId: string; concluded: boolean }

/** `pullRequestId` 0: pushes. */
type Branch = { keys: readonly string[]; branch: string; pullRequestId: number }

const flows = (list: readonly FlowKey[]) =>
  sql`jsonb_to_recordset(${toJson(list)}::jsonb) as f("projectId" text, "pipelineId" text, stage text)`

export async function listFlowStarts(
  db: Db,
  list: readonly FlowKey[],
  { keys, branch, pullRequestId }: Branch,
): Promise<FlowStart[]> {
  const { rows } = await sql<FlowStart>`
    select distinct on (f."projectId", f."pipelineId", f.stage)
           f."projectId", f."pipelineId", f.stage, s.sha, s.run_id as "runId",
           r.concluded_at is not null as concluded
      from ${flows(list)}
      join release_flow_start s on s.project_id = f."projectId" and s.pipeline_id = f."pipelineId"
       and s.stage = f.stage and s.repository = any(${sql.val(keys)}::text[]) and s.branch = ${branch}
       and s.pull_request_id = ${pullRequestId}
      join release_run r on r.id = s.run_id
     order by f."projectId", f."pipelineId", f.stage, s.started_at desc`.execute(db)
  return rows
}

export type NewFlowStart = {
  repository: string
  branch: string
  sha: string
  pullRequestId: number
  runId: string
}

export async function noteFlowStart(tx: Tx, key: FlowKey, start: NewFlowStart): Promise<void> {
  await sql`
    insert into release_flow_start (project_id, pipeline_id, stage, repository, branch, sha, pull_request_id, run_id)
    values (${key.projectId}, ${key.pipelineId}, ${key.stage}, ${start.repository}, ${start.branch}, ${start.sha},
            ${start.pullRequestId}, ${start.runId})
    on conflict (project_id, pipeline_id, stage, repository, branch, pull_request_id) do update
       set sha = excluded.sha, run_id = excluded.run_id, started_at = now()`.execute(tx)
}
