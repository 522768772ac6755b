import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import type { BuildStatus, RunStatus } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { BuildKey } from './builds.ts'
import type { Db } from './db.ts'

/** What hosts are told about, with what is needed to say it. */
export type ReportedBuild = {
  project_id: string
  id: string
  owner_kind: 'service' | 'job'
  owner_id: string
  url: string
  sha: string | null
  pull_request_id: number | null
  status: BuildStatus
  error: { message: string } | null
  created_at: Date
}

export async function findReportedBuild(
  db: Db,
  { projectId, buildId }: BuildKey,
): Promise<ReportedBuild | undefined> {
  const { rows } = await sql<ReportedBuild>`
    select project_id, id, owner_kind, owner_id, request ->> 'url' as url, sha, pull_request_id, status, error,
           created_at
      from build where project_id = ${projectId} and id = ${buildId}`.execute(db)
  return rows[0]
}

export type ReportedRun = {
  id: string
  project_id: string
  pipeline_id: string
  stage: string
  status: RunStatus
  message: string | null
  created_at: Date
  event: GitEvent
}

/** A run that a git event started; undefined for every other. */
export async function findReportedRun(db: Db, id: string): Promise<ReportedRun | undefined> {
  const { rows } = await sql<ReportedRun>`
    select r.id, r.project_id, r.pipeline_id, r.stage, r.status, r.message, r.created_at, e.event
      from release_run r
      join trigger_verdict v on v.started_kind = 'release-run' and v.started_id = r.id::text
      join trigger_event e on e.id = v.event_id
     where r.id = ${id} and e.event is not null limit 1`.execute(db)
  return rows[0]
}

export type ReportedVerdict = {
  event_id: string
  project_id: string
  watcher_kind: 'service' | 'job'
  watcher_id: string
  rule: string
  sentence: string
  event: GitEvent
  received_at: Date
}

/** Why services and jobs did not build the commit of a pull request, where one of these rules decided. */
export async function listReportedVerdicts(
  db: Db,
  eventId: string,
  rules: readonly string[],
): Promise<ReportedVerdict[]> {
  const { rows } = await sql<ReportedVerdict>`
    select v.event_id, v.project_id, v.watcher_kind, v.watcher_id, v.rule, v.sentence, e.event, e.received_at
      from trigger_verdict v join trigger_event e on e.id = v.event_id
     where v.event_id = ${eventId} and not v.started and v.watcher_kind in ('service', 'job')
       and v.rule = any(${sql.val(rules)}::text[]) and e.event is not null
     order by v.project_id, v.watcher_id limit 100`.execute(db)
  return rows
}
