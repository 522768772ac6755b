import { type HostReportStatus, hostReportMoves, sourcesOf } from '@fairway/contract/states'
import { sql } from 'kysely'
import { type Db, notify, type Tx, toJson } from './db.ts'
import { newId, schedule, WORK_CHANNEL } from './work.ts'

export type ReportSubject = 'build' | 'release-run' | 'trigger'

export type ReportState = 'pending' | 'success' | 'failure' | 'error'

/** What shall stand at the host. */
export type Report =
  | { kind: 'status'; wanted: { state: ReportState; description: string; url: string | null } }
  | { kind: 'comment'; wanted: { body: string } }

export type HostReportRow = Report & {
  id: string
  account_id: string
  repository: string
  /** A commit; of a comment the number of a pull request. */
  target: string
  context: string
  project_id: string
  subject_kind: ReportSubject
  subject_id: string
  trying: unknown
  status: HostReportStatus
  attempts: number
  error: string | null
  created_at: Date
  updated_at: Date
  sent_at: Date | null
}

const columns = [
  'id',
  'account_id',
  'kind',
  'repository',
  'target',
  'context',
  'project_id',
  'subject_kind',
  'subject_id',
  'wanted',
  'trying',
  'status',
  'attempts',
  'error',
  'created_at',
  'updated_at',
  'sent_at',
] as const

/** The key of the work item that brings a report to its host; every other key of the kind is a subject's. */
export const deliveryKey = (id: string): string => `send/${id}`
export const subjectKey = (kind: ReportSubject, id: string): string => `${kind}/${id}`

/**
 * Has a subject's reports brought up to date, in the transaction of its change. Costs one look where no account reports
 * anything.
 */
export async function reportLater(tx: Tx, kind: ReportSubject, id: string): Promise<void> {
  const { numAffectedRows } = await sql`
    insert into work_item (kind, key, wake_at, seq)
    select 'host_report', ${subjectKey(kind, id)}, now(), 1
     where exists (select 1 from git_account
                    where auth in ('token', 'github-app') and host <> 'generic'
                      and ((reporting ->> 'statuses')::boolean or (reporting ->> 'comments')::boolean))
    on conflict (kind, key) do update
       set wake_at = least(coalesce(work_item.wake_at, excluded.wake_at), excluded.wake_at),
           seq = work_item.seq + 1`.execute(tx)
  if (numAffectedRows !== 0n) await notify(tx, WORK_CHANNEL, 'host_report')
}

export type NewReport = Report & {
  accountId: string
  repository: string
  target: string
  context: string
  projectId: string
  subject: { kind: ReportSubject; id: string; at: Date }
}

/** Says what shall stand at the host and makes it due. The same again, or what an older subject says, changes nothing. */
export async function wantReport(tx: Tx, report: NewReport): Promise<void> {
  const { subject } = report
  const { rows } = await sql<{ id: string }>`
    insert into host_report (id, account_id, kind, repository, target, context, project_id,
                             subject_kind, subject_id, subject_at, wanted)
    values (${newId()}, ${report.accountId}, ${report.kind}, ${report.repository}, ${report.target}, ${report.context},
            ${report.projectId}, ${subject.kind}, ${subject.id}, ${subject.at}, ${toJson(report.wanted)})
    on conflict (account_id, kind, repository, target, context) do update
       set wanted = excluded.wanted, project_id = excluded.project_id, subject_kind = excluded.subject_kind,
           subject_id = excluded.subject_id, subject_at = excluded.subject_at,
           status = 'pending', attempts = 0, error = null, updated_at = now()
     where host_report.wanted <> excluded.wanted and host_report.subject_at <= excluded.subject_at
    returning id`.execute(tx)
  for (const { id } of rows) await schedule(tx, 'host_report', deliveryKey(id))
}

export const findReport = async (db: Db, id: string): Promise<HostReportRow | undefined> =>
  (await db.selectFrom('host_report').select(columns).where('id', '=', id).executeTakeFirst()) as
    | HostReportRow
    | undefined

/** Remembers, before the host is called, what may have arrived there. */
export async function beginAttempt(tx: Tx, id: string): Promise<void> {
  await sql`
    update host_report set trying = wanted, attempts = attempts + 1, updated_at = now()
     where id = ${id} and status = 'pending'`.execute(tx)
}

/** The host has taken it. When something else is wanted by now, that stays due. */
export async function noteSent(tx: Tx, id: string, wanted: unknown): Promise<void> {
  await sql`
    update host_report set sent = ${toJson(wanted)}, trying = null, updated_at = now(), sent_at = now(),
           error = case when wanted = ${toJson(wanted)}::jsonb then null else error end,
           status = case when wanted = ${toJson(wanted)}::jsonb then 'sent' else status end
     where id = ${id} and status = any(${sql.val(sourcesOf(hostReportMoves, 'sent'))}::text[])`.execute(tx)
}

/** The host has not taken it, for the reason given; with `final` it is not tried again. */
export async function noteTrouble(
  tx: Tx,
  id: string,
  { error, arrived, final }: { error: string; arrived: 'no' | 'maybe'; final: boolean },
): Promise<void> {
  await sql`
    update host_report set error = ${error}, updated_at = now(),
           trying = case when ${arrived} = 'no' then null else trying end,
           status = case when ${final} and trying = wanted then 'failed' else status end
     where id = ${id} and status = any(${sql.val(sourcesOf(hostReportMoves, 'failed'))}::text[])`.execute(tx)
}

/** Tries again what an account could not say within the last day. */
export async function reopenReports(tx: Tx, accountId: string): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    update host_report set status = 'pending', attempts = 0, updated_at = now()
     where account_id = ${accountId} and status in ('pending', 'failed') and error is not null
       and updated_at > now() - interval '1 day'
    returning id`.execute(tx)
  for (const { id } of rows) await schedule(tx, 'host_report', deliveryKey(id))
}

/** Newest first; one row more than the page holds. */
export async function listReports(
  db: Db,
  { accountId, status }: { accountId: string; status: HostReportStatus | undefined },
  page: { limit: number; offset: number },
): Promise<HostReportRow[]> {
  let query = db.selectFrom('host_report').select(columns).where('account_id', '=', accountId)
  if (status !== undefined) query = query.where('status', '=', status)
  const rows = await query
    .orderBy('updated_at', 'desc')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as HostReportRow[]
}

/** Forgets reports that are older than `days`, and the work items that are done with. */
export async function forgetReports(tx: Tx, days: number): Promise<void> {
  await sql`
    delete from host_report
     where updated_at < now() - ${days} * interval '1 day' and status <> 'pending'`.execute(tx)
  await sql`
    delete from work_item where kind = 'host_report' and lease is null and wake_at is null`.execute(tx)
}
