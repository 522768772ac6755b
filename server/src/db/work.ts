import { randomUUID } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import { sql } from 'kysely'
import { type Db, notify, type Tx, transaction } from './db.ts'

/**
 * Long work, by row. `schedule` says that something is due for (kind, key); exactly one worker claims it under a
 * lease; every write of that worker goes through `withLease`, which holds the fence of (kind, key) and fails when the
 * lease is no longer its own. A request made while the work is under way grows `seq`, so that settling does not lose it.
 *
 * The fence is an advisory lock, not the row's: writers change a resource and then ask for its work, the worker passes
 * its fence and then changes the resource. With one lock for both they would wait for each other.
 */
export type WorkKind =
  | 'service'
  | 'build'
  | 'job'
  | 'job_run'
  | 'addon'
  | 'backup'
  | 'restore'
  | 'backup_schedule'
  | 'volume'
  | 'volume_backup'
  | 'release_run'
  | 'project'
  | 'trigger_event'
  | 'git_poll'
  | 'flow_cron'
  | 'image_check'
  | 'gitops'
  | 'host_report'
  | 'notification'
  | 'certificate'
  | 'tls'
  | 'sweep'

export type WorkItem = { kind: WorkKind; key: string; seq: number; lease: string; failures: number }

export const WORK_CHANNEL = 'fairway_work'

/** Says that (kind, key) is due at `at`, or at once. An earlier wake-up wins. */
export async function schedule(db: Db, kind: WorkKind, key: string, at?: Date): Promise<void> {
  const due = at ?? sql<Date>`now()`
  await sql`
    insert into work_item (kind, key, wake_at, seq) values (${kind}, ${key}, ${due}, 1)
    on conflict (kind, key) do update
       set wake_at = least(coalesce(work_item.wake_at, excluded.wake_at), excluded.wake_at),
           seq = work_item.seq + 1`.execute(db)
  await notify(db, WORK_CHANNEL, kind)
}

/** Held while the holder of a lease writes, and by whoever gives that lease to another one. */
export const FENCE = sql.raw(`hashtextextended(kind || ' ' || key, 7420)`)

/** Hands up to `limit` due items of these kinds to one worker. The database's clock decides what is due. */
export async function claimDue(
  db: Db,
  request: { kinds: readonly WorkKind[]; worker: string; leaseMs: number; limit: number },
): Promise<WorkItem[]> {
  const { rows } = await sql<WorkItem>`
    update work_item w
       set lease = gen_random_uuid(), worker = ${request.worker},
           lease_expires_at = now() + ${request.leaseMs} * interval '1 millisecond'
      from (select kind, key from work_item
             where wake_at <= now() and kind = any(${sql.val(request.kinds)}::text[])
               and (lease is null
                    or (lease_expires_at <= now() and pg_try_advisory_xact_lock(${FENCE})))
             order by wake_at limit ${request.limit} for update skip locked) due
     where w.kind = due.kind and w.key = due.key
    returning w.kind, w.key, w.seq, w.lease, w.failures`.execute(db)
  return rows
}

/** Extends a lease. False: it was lost, stop working. */
export async function renewLease(db: Db, item: WorkItem, leaseMs: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update work_item set lease_expires_at = now() + ${leaseMs} * interval '1 millisecond'
     where kind = ${item.kind} and key = ${item.key} and lease = ${item.lease}`.execute(db)
  return numAffectedRows === 1n
}

/** Runs writes that only the holder of the lease may do; nobody else gets the lease until they commit. */
export function withLease<T>(db: Db, item: WorkItem, work: (tx: Tx) => Promise<T>): Promise<T> {
  return transaction(db, async (tx) => {
    await requireLease(tx, item)
    return work(tx)
  })
}

/** The same within a transaction that must lock something else first. */
export async function requireLease(tx: Tx, { kind, key, lease }: WorkItem): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${kind} || ' ' || ${key}, 7420))`.execute(tx)
  const { rows } = await sql`
    select 1 from work_item where kind = ${kind} and key = ${key} and lease = ${lease}`.execute(tx)
  if (rows.length > 0) return
  throw new FairwayError('lease_lost', 'This work was taken over by another worker.', {
    detail: `${kind}/${key}`,
  })
}

export type Settlement = { wakeAfterMs: number | null; failed?: boolean }

/** Gives the lease back. A request that came meanwhile makes the item due at once. */
export async function settle(db: Db, item: WorkItem, next: Settlement): Promise<boolean> {
  const later = next.wakeAfterMs === null ? null : next.wakeAfterMs
  const { numAffectedRows } = await sql`
    update work_item
       set lease = null, lease_expires_at = null, worker = null,
           failures = ${next.failed ? item.failures + 1 : 0},
           wake_at = case when seq <> ${item.seq} and not ${next.failed ?? false} then now()
                          else now() + ${later}::float8 * interval '1 millisecond' end
     where kind = ${item.kind} and key = ${item.key} and lease = ${item.lease}`.execute(db)
  return numAffectedRows === 1n
}

/** Milliseconds until the next item is due, or undefined when none is. Leased items count by their lease's end. */
export async function nextDueInMs(db: Db, kinds: readonly WorkKind[]): Promise<number | undefined> {
  const { rows } = await sql<{ ms: number | null }>`
    select extract(epoch from min(greatest(wake_at, coalesce(lease_expires_at, wake_at))) - now()) * 1000 as ms
      from work_item where wake_at is not null and kind = any(${sql.val(kinds)}::text[])`.execute(db)
  const ms = rows[0]?.ms
  return ms === null || ms === undefined ? undefined : Number(ms)
}

/** Grows with every request: a holder that compares it sees that somebody asked again. */
export async function currentSeq(db: Db, item: WorkItem): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    select seq from work_item where kind = ${item.kind} and key = ${item.key}`.execute(db)
  return rows[0]?.seq ?? item.seq
}

export const newId = (): string => randomUUID()
