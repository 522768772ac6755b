import { sql } from 'kysely'
import type { Db } from './db.ts'
import type { DeployedSource } from './service-status.ts'

export type DeploymentRow = {
  id: string
  number: number
  source: DeployedSource
  reason: string
  created_by: string | null
  created_at: Date
  commit_message: string | null
  /** Of the newest rollout of the revision; null: none was ever asked for. */
  state: string | null
  message: string | null
  ended_at: Date | null
}

type ServiceKey = { projectId: string; serviceId: string }

/** What was deployed to a service, newest first, and what became of it. */
export async function listDeployments(
  db: Db,
  { projectId, serviceId }: ServiceKey,
  page: { limit: number; offset: number },
): Promise<DeploymentRow[]> {
  const { rows } = await sql<DeploymentRow>`
    select r.id, r.number, r.source, r.reason, r.created_by, r.created_at, b.message as commit_message,
           o.state, o.message, o.ended_at
      from revision r
      left join build b on b.id = r.build_id
                       and b.project_id = coalesce(r.source->'internal'->>'projectId', r.project_id)
      left join lateral (select state, message, ended_at from rollout
                          where revision_id = r.id order by created_at desc limit 1) o on true
     where r.project_id = ${projectId} and r.service_id = ${serviceId}
     order by r.number desc
     limit ${page.limit + 1} offset ${page.offset}`.execute(db)
  return rows
}
