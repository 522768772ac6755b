import type { NotificationEvent } from '@fairway/contract/notification-events'
import { type RawBuilder, sql } from 'kysely'
import type { Db } from './db.ts'

export type EventRow = {
  id: number
  at: Date
  project_id: string | null
  topic: string
  subject: string
  type: string
  actor: string | null
  data: Record<string, unknown>
}

/** What others are told of an event: the resources it is about, and the tags by which receivers choose. */
export type Facts = { event: NotificationEvent; data: Record<string, unknown>; tags: string[] }

export async function findEvent(db: Db, id: number): Promise<EventRow | undefined> {
  const row = await db
    .selectFrom('event')
    .select(['id', 'at', 'project_id', 'topic', 'subject', 'type', 'actor', 'data'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row as EventRow | undefined
}

type Found = { about: Record<string, unknown>; tags: string[] }

/** Undefined: what the event is about is gone, so there is nothing to tell. */
export async function factsOf(db: Db, row: EventRow, event: NotificationEvent): Promise<Facts | undefined> {
  const { rows } = await queryOf(row, event).execute(db)
  const [found] = rows
  if (found === undefined) return undefined
  const { about, tags } = found
  const project = await projectOf(db, row.project_id)
  const user = row.actor === null ? {} : { user: { id: row.actor } }
  return { event: named(event, about), data: { ...about, ...project, ...user }, tags }
}

/** Steps are recorded without saying whose they are. */
const named = (event: NotificationEvent, about: Record<string, unknown>): NotificationEvent =>
  event === 'release-flow-template-run:update' && 'templateRun' in about ? 'template-run:update' : event

async function projectOf(db: Db, id: string | null): Promise<Record<string, unknown>> {
  if (id === null) return {}
  const project = await db
    .selectFrom('project')
    .select(['id', 'name'])
    .where('id', '=', id)
    .executeTakeFirst()
  return { project: project ?? { id, name: id } }
}

function queryOf(row: EventRow, event: NotificationEvent): RawBuilder<Found> {
  if (event.startsWith('build:')) return buildQuery(row)
  if (event.startsWith('job-run:')) return jobRunQuery(row)
  if (event.startsWith('addon-backup:')) return backupQuery(row)
  if (event.includes('template-run:')) return runQuery(row)
  return serviceQuery(row)
}

const lastPart = (subject: string): string => subject.slice(subject.indexOf('/') + 1)
const text = (value: unknown): string | null => (value === undefined || value === null ? null : String(value))

/** The state is that of the event, whatever came of it since. */
const buildQuery = ({ project_id, subject, data }: EventRow): RawBuilder<Found> => sql<Found>`
  select jsonb_build_object(
           'build', jsonb_build_object(
             'id', b.id, 'branch', b.branch, 'pullRequestId', b.pull_request_id, 'sha', b.sha, 'message', b.message,
             'status', ${text(data.status)}::text,
             'concluded', ${text(data.status)}::text in ('SUCCESS', 'FAILURE', 'CRASHED', 'ABORTED'),
             'error', b.error ->> 'message', 'createdAt', b.created_at),
           b.owner_kind, jsonb_build_object('id', b.owner_id, 'name', coalesce(s.name, j.name, b.owner_id))) as about,
         coalesce(s.tags, j.tags, '{}') as tags
    from build b
    left join service s on b.owner_kind = 'service' and (s.project_id, s.id) = (b.project_id, b.owner_id)
    left join job j on b.owner_kind = 'job' and (j.project_id, j.id) = (b.project_id, b.owner_id)
   where b.project_id = ${project_id} and b.id = ${lastPart(subject)}`

const jobRunQuery = ({ subject, data }: EventRow): RawBuilder<Found> => sql<Found>`
  select jsonb_build_object(
           'jobRun', jsonb_build_object(
             'id', r.id, 'name', r.run_name, 'status', ${text(data.status)}::text, 'trigger', r.trigger,
             'error', r.error ->> 'message', 'createdAt', r.created_at, 'concludedAt', r.concluded_at),
           'job', jsonb_build_object('id', j.id, 'name', j.name)) as about,
         j.tags
    from job_run r join job j on (j.project_id, j.id) = (r.project_id, r.job_id)
   where r.id::text = ${subject}`

const backupQuery = ({ subject, data }: EventRow): RawBuilder<Found> => sql<Found>`
  select jsonb_build_object(
           'backup', jsonb_build_object(
             'id', b.id, 'name', b.name, 'type', b.type, 'status', ${text(data.status)}::text, 'trigger', b.trigger),
           'addon', jsonb_build_object('id', a.id, 'name', a.name, 'type', a.type)) as about,
         a.tags
    from backup b join addon a on (a.project_id, a.id) = (b.project_id, b.addon_id)
   where b.id::text = ${subject}`

const runQuery = ({ subject, type, data }: EventRow): RawBuilder<Found> => sql<Found>`
  select jsonb_build_object(
           case when r.template_uid is null then 'releaseFlowRun' else 'templateRun' end,
           jsonb_strip_nulls(jsonb_build_object(
             'id', r.id, 'name', r.name, 'kind', r.kind,
             'status', case when ${type}::text like 'run.%' then ${text(data.status)}::text else r.status end,
             'pipelineId', r.pipeline_id, 'stage', r.stage))) ||
         case when ${type}::text like 'node.%'
              then jsonb_build_object('node', ${JSON.stringify(data)}::jsonb) else '{}' end as about,
         '{}'::text[] as tags
    from release_run r where r.id::text = ${subject}`

const serviceQuery = ({ project_id, subject, type, data }: EventRow): RawBuilder<Found> => sql<Found>`
  select jsonb_build_object('service', jsonb_build_object('id', s.id, 'name', s.name)) ||
         case when ${type}::text = 'service.status'
              then jsonb_build_object('deployment', ${JSON.stringify(data)}::jsonb)
              else jsonb_build_object('container', ${JSON.stringify(data)}::jsonb) end as about,
         s.tags
    from service s where s.project_id = ${project_id} and s.id = ${lastPart(subject)}`
