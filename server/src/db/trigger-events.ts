import { notFound } from '@fairway/contract/errors'
import type { GitEvent, TriggerSource } from '@fairway/contract/resources/trigger-event'
import { sourcesOf, type TriggerEventStatus, triggerEventMoves } from '@fairway/contract/states'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'
import { recordEvents } from './events.ts'

export type TriggerEventRow = {
  id: string
  number: number
  source: TriggerSource
  webhook_id: string | null
  project_id: string | null
  stream: string
  status: TriggerEventStatus
  event: GitEvent | null
  actor: string | null
  replay_of: string | null
  received_at: Date
}

const columns = [
  'id',
  'number',
  'source',
  'webhook_id',
  'project_id',
  'stream',
  'status',
  'event',
  'actor',
  'replay_of',
  'received_at',
] as const

export type NewTriggerEvent = {
  id: string
  source: TriggerSource
  stream: string
  status: TriggerEventStatus
  sentence?: string | undefined
  event?: GitEvent | undefined
  delivery?: { webhookId: string; id: string | undefined; part: number } | undefined
  projectId?: string | undefined
  headers?: Record<string, string> | undefined
  /** Sealed. */
  body?: Buffer | undefined
  bodyBytes?: number | undefined
  actor?: string | undefined
  replayOf?: string | undefined
}

/**
 * Whoever adds to a stream or concludes one of its events holds this until it commits, so that numbers are in the order
 * of commits.
 */
export async function lockStream(tx: Tx, stream: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${stream}, 7420010))`.execute(tx)
}

/** Answers the number, or undefined when this delivery is stored already. */
export async function insertTriggerEvent(tx: Tx, event: NewTriggerEvent): Promise<number | undefined> {
  const row = await tx
    .insertInto('trigger_event')
    .values({
      id: event.id,
      source: event.source,
      stream: event.stream,
      status: event.status,
      sentence: event.sentence ?? null,
      event: event.event === undefined ? null : toJson(event.event),
      webhook_id: event.delivery?.webhookId ?? null,
      delivery_id: event.delivery?.id ?? null,
      part: event.delivery?.part ?? 0,
      project_id: event.projectId ?? null,
      headers: toJson(event.headers ?? {}),
      body: event.body ?? null,
      body_bytes: event.bodyBytes ?? 0,
      actor: event.actor ?? null,
      replay_of: event.replayOf ?? null,
      ...(event.status !== 'pending' && { judged_at: sql<Date>`now()` }),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('number')
    .executeTakeFirst()
  return row?.number
}

/** The first event of a delivery that came before. */
export async function findDelivery(
  db: Db,
  { webhookId, deliveryId }: { webhookId: string; deliveryId: string },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('trigger_event')
    .select('id')
    .where('webhook_id', '=', webhookId)
    .where('delivery_id', '=', deliveryId)
    .orderBy('part')
    .limit(1)
    .executeTakeFirst()
  return row?.id
}

export const findTriggerEvent = async (db: Db, id: string): Promise<TriggerEventRow | undefined> =>
  (await db.selectFrom('trigger_event').select(columns).where('id', '=', id).executeTakeFirst()) as
    | TriggerEventRow
    | undefined

export async function lockTriggerEvent(tx: Tx, id: string): Promise<TriggerEventRow> {
  const row = await tx
    .selectFrom('trigger_event')
    .select(columns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw notFound('trigger event', id)
  return row as TriggerEventRow
}

/** The next event of the stream that waits, counted from `from`; of the whole stream without it. */
export async function findPending(
  db: Db,
  { stream, from = 0 }: { stream: string; from?: number },
): Promise<{ id: string; number: number } | undefined> {
  return db
    .selectFrom('trigger_event')
    .select(['id', 'number'])
    .where('stream', '=', stream)
    .where('status', '=', 'pending')
    .where('number', '>', from)
    .orderBy('number')
    .limit(1)
    .executeTakeFirst()
}

/** The one writer of the status. False: the event cannot become `to`. */
export async function moveTriggerEvent(
  tx: Tx,
  id: string,
  to: TriggerEventStatus,
  sentence: string,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('trigger_event')
    .set({ status: to, sentence, judged_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', id)
    .where('status', 'in', sourcesOf(triggerEventMoves, to))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** How many deliveries of a webhook were refused within the last minute. */
export async function countRefused(db: Db, webhookId: string): Promise<number> {
  const row = await db
    .selectFrom('trigger_event')
    .select((count) => count.fn.countAll<number>().as('count'))
    .where('webhook_id', '=', webhookId)
    .where('status', '=', 'refused')
    .where('received_at', '>', sql<Date>`now() - interval '1 minute'`)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Forgets what is older than `days`, at most `limit` of it; answers how many went. What waits stays. */
export async function forgetTriggerEvents(tx: Tx, days: number, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from trigger_event where id in (
      select id from trigger_event
       where received_at < now() - ${days} * interval '1 day' and status <> 'pending' limit ${limit})`.execute(
    tx,
  )
  return Number(numAffectedRows ?? 0n)
}

/** Removes the work items of events and repositories that are done with: one is made for each delivery. */
export async function forgetTriggerWork(tx: Tx): Promise<void> {
  await sql`
    delete from work_item w where lease is null and wake_at is null
       and ((kind = 'trigger_event'
             and not exists (select 1 from trigger_event e where e.id::text = w.key and e.status = 'pending'))
         or (kind = 'git_poll' and key <> '*'
             and not exists (select 1 from git_repository r where r.key = w.key)))`.execute(tx)
}

export type VerdictRow = {
  /** Null: of the team. */
  project_id: string | null
  watcher_kind: string
  watcher_id: string
  started: boolean
  rule: string | null
  rule_text: string | null
  file: string | null
  commit_sha: string | null
  sentence: string
  started_kind: string | null
  started_id: string | null
  superseded: string[]
}

/** Stores the verdicts of an event, in one statement however many they are, and tells the projects of them. */
export async function insertVerdicts(
  tx: Tx,
  event: { id: string; number: number },
  verdicts: readonly VerdictRow[],
): Promise<void> {
  if (verdicts.length === 0) return
  await sql`
    insert into trigger_verdict (event_id, event_number, project_id, watcher_kind, watcher_id, started, rule,
           rule_text, file, commit_sha, sentence, started_kind, started_id, superseded)
    select ${event.id}::uuid, ${event.number}::bigint, v.project_id, v.watcher_kind, v.watcher_id, v.started, v.rule,
           v.rule_text, v.file, v.commit_sha, v.sentence, v.started_kind, v.started_id,
           array(select jsonb_array_elements_text(v.superseded))
      from jsonb_to_recordset(${toJson(verdicts)}::jsonb) as v(project_id text, watcher_kind text, watcher_id text,
           started boolean, rule text, rule_text text, file text, commit_sha text, sentence text,
           started_kind text, started_id text, superseded jsonb)
      left join project p on p.id = v.project_id
     where v.project_id is null or p.id is not null
    on conflict do nothing`.execute(tx)
  const projects = new Set(verdicts.flatMap(({ project_id }) => project_id ?? []))
  await recordEvents(
    tx,
    [...projects].map((projectId) => ({
      projectId,
      topic: 'trigger' as const,
      subject: `${projectId}/${event.id}`,
      type: 'trigger.judged',
    })),
  )
}

/** Of whom an event has verdicts, as `project/kind/id`; nothing stands before the first slash for what is the team's. */
export async function listJudged(db: Db, eventId: string): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`
    select coalesce(project_id, '') || '/' || watcher_kind || '/' || watcher_id as name
      from trigger_verdict where event_id = ${eventId}`.execute(db)
  return new Set(rows.map(({ name }) => name))
}

export async function countVerdicts(db: Db, eventId: string): Promise<{ started: number; all: number }> {
  const { rows } = await sql<{ started: number; all: number }>`
    select count(*) filter (where started) as started, count(*) as all
      from trigger_verdict where event_id = ${eventId}`.execute(db)
  return rows[0] ?? { started: 0, all: 0 }
}
