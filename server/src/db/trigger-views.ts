import type { GitEvent, TriggerSource } from '@fairway/contract/resources/trigger-event'
import type { TriggerEventStatus } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { Db } from './db.ts'
import type { VerdictRow } from './trigger-events.ts'

export type TriggerViewRow = {
  id: string
  source: TriggerSource
  status: TriggerEventStatus
  sentence: string | null
  event: GitEvent | null
  headers: Record<string, string>
  body_bytes: number
  actor: string | null
  replay_of: string | null
  received_at: Date
  judged_at: Date | null
  verdicts: VerdictRow[]
}

export type TriggerFilter = {
  projectId: string
  started?: boolean | undefined
  watcher?: { kind: string; id: string } | undefined
  source?: TriggerSource | undefined
}

type Page = { limit: number; offset: number }

const columns = sql`e.id, e.source, e.status, e.sentence, e.event, e.headers, e.body_bytes, e.actor, e.replay_of,
  e.received_at, e.judged_at`

/** Of each event at most so many verdicts are shown in a list. */
const MOST_VERDICTS = 50

/** The events that concerned a project, newest first, with their verdicts for it; one row more than asked for. */
export async function listTriggerViews(
  db: Db,
  { projectId, started, watcher, source }: TriggerFilter,
  { limit, offset }: Page,
): Promise<TriggerViewRow[]> {
  const fits = sql`v.project_id = ${projectId}
    and (${started ?? null}::boolean is null or v.started = ${started ?? null})
    and (${watcher?.kind ?? null}::text is null
         or (v.watcher_kind = ${watcher?.kind ?? null} and v.watcher_id = ${watcher?.id ?? null}))`
  const { rows } = await sql<TriggerViewRow>`
    with shown as (
      select distinct v.event_number from trigger_verdict v join trigger_event e on e.id = v.event_id
       where ${fits} and (${source ?? null}::text is null or e.source = ${source ?? null})
       order by v.event_number desc limit ${limit + 1} offset ${offset})
    select ${columns}, coalesce(
        (select jsonb_agg(to_jsonb(own)) from (
           select v.* from trigger_verdict v where v.event_id = e.id and ${fits}
            order by v.started desc, v.watcher_kind, v.watcher_id limit ${MOST_VERDICTS}) own), '[]') as verdicts
      from shown join trigger_event e on e.number = shown.event_number
     order by e.number desc`.execute(db)
  return rows
}

/** Whether an event was meant for a project, or has verdicts for it. */
export async function concernsProject(
  db: Db,
  { projectId, id }: { projectId: string; id: string },
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from trigger_event e where e.id = ${id}
       and (e.project_id = ${projectId}
            or exists (select 1 from trigger_verdict v where v.event_id = e.id and v.project_id = ${projectId}))`.execute(
    db,
  )
  return rows.length > 0
}

/** One event with all its verdicts for the project; undefined when it did not concern it. */
export async function findTriggerView(
  db: Db,
  { projectId, id }: { projectId: string; id: string },
): Promise<TriggerViewRow | undefined> {
  if (!(await concernsProject(db, { projectId, id }))) return undefined
  const { rows } = await sql<TriggerViewRow>`
    select ${columns}, coalesce(
        (select jsonb_agg(to_jsonb(v) order by v.started desc, v.watcher_kind, v.watcher_id)
           from trigger_verdict v where v.event_id = e.id and v.project_id = ${projectId}), '[]') as verdicts
      from trigger_event e where e.id = ${id}`.execute(db)
  return rows[0]
}

/** What came in by one webhook, whoever it concerned; one row more than asked for. */
export async function listDeliveryViews(
  db: Db,
  webhookId: string,
  { limit, offset }: Page,
): Promise<Omit<TriggerViewRow, 'verdicts'>[]> {
  const { rows } = await sql<Omit<TriggerViewRow, 'verdicts'>>`
    select ${columns} from trigger_event e where e.webhook_id = ${webhookId}
     order by e.number desc limit ${limit + 1} offset ${offset}`.execute(db)
  return rows
}
