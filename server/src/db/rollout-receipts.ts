import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'
import type { ServiceKey } from './rollouts.ts'

/** How the instances of a service stand while a rollout goes on. */
export type InstanceCounts = { newReady: number; newRouted: number; oldRouted: number; oldDraining: number }

/** What was measured in the `spanMs` before `at`. */
export type RolloutSample = InstanceCounts & {
  at: Date
  spanMs: number
  requests: number
  failures: number
  p50Ms: number | null
  p99Ms: number | null
  inFlight: number
  webSockets: number
}

export type RolloutMark = { at: Date; instanceId: string; side: 'new' | 'old'; what: string }

const SAMPLES_AT_MOST = 2_000
const MARKS_AT_MOST = 1_000
/** Old instances may end this long after a rollout and still belong to its receipt. */
const TAIL = '2 minutes'

/** What came and went belongs to the receipt of the rollout that is under way, or has only just ended. */
export async function markRollout(
  tx: Tx,
  { projectId, serviceId }: ServiceKey,
  { instanceId, revisionId, what }: { instanceId: string; revisionId: string; what: string },
): Promise<void> {
  await sql`
    insert into rollout_mark (rollout_id, instance_id, side, what)
    select r.id, ${instanceId}, case when r.revision_id = ${revisionId}::uuid then 'new' else 'old' end, ${what}
      from (select id, state, revision_id, ended_at from rollout
             where project_id = ${projectId} and service_id = ${serviceId}
             order by created_at desc limit 1) r
     where (r.state = 'running' or r.ended_at > now() - ${TAIL}::interval)
       and (select count(*) from rollout_mark m where m.rollout_id = r.id) < ${MARKS_AT_MOST}`.execute(tx)
}

export type FollowedRollout = { state: string; endedAt: Date | null; counts: InstanceCounts }

/** How a rollout and its instances stand now. Undefined: it is gone. */
export async function readFollowedRollout(db: Db, rolloutId: string): Promise<FollowedRollout | undefined> {
  const { rows } = await sql<InstanceCounts & { state: string; endedAt: Date | null }>`
    select r.state, r.ended_at as "endedAt",
           count(*) filter (where i.revision_id = r.revision_id and i.ready)::int as "newReady",
           count(*) filter (where i.revision_id = r.revision_id and i.routed)::int as "newRouted",
           count(*) filter (where i.revision_id <> r.revision_id and i.routed)::int as "oldRouted",
           count(*) filter (where i.revision_id <> r.revision_id and i.state = 'draining')::int as "oldDraining"
      from rollout r
      left join instance i on i.project_id = r.project_id and i.service_id = r.service_id and i.state <> 'gone'
     where r.id = ${rolloutId}::uuid
     group by r.id`.execute(db)
  const [row] = rows
  if (row === undefined) return undefined
  const { state, endedAt, ...counts } = row
  return { state, endedAt, counts }
}

/** Time that another sample covers already is not counted again: then nothing is written. */
export async function addRolloutSample(db: Db, rolloutId: string, sample: RolloutSample): Promise<void> {
  const from = new Date(sample.at.getTime() - sample.spanMs)
  await sql`
    insert into rollout_sample (rollout_id, at, span_ms, requests, failures, p50_ms, p99_ms,
                                new_ready, new_routed, old_routed, old_draining, in_flight, web_sockets)
    select ${rolloutId}::uuid, ${sample.at}::timestamptz, ${sample.spanMs}::int, ${sample.requests}::int,
           ${sample.failures}::int, ${sample.p50Ms}::real, ${sample.p99Ms}::real, ${sample.newReady}::int,
           ${sample.newRouted}::int, ${sample.oldRouted}::int, ${sample.oldDraining}::int,
           ${sample.inFlight}::int, ${sample.webSockets}::int
      from rollout r
     where r.id = ${rolloutId}::uuid
       and not exists (select from rollout_sample s where s.rollout_id = r.id and s.at > ${from}::timestamptz)
       and (select count(*) from rollout_sample s where s.rollout_id = r.id) < ${SAMPLES_AT_MOST}
    on conflict do nothing`.execute(db)
}

export async function listRolloutSamples(db: Db, rolloutIds: readonly string[]) {
  return groupedBy(
    await db
      .selectFrom('rollout_sample')
      .selectAll()
      .where('rollout_id', 'in', [...rolloutIds, NOBODY])
      .orderBy('at')
      .execute(),
  )
}

export async function listRolloutMarks(db: Db, rolloutIds: readonly string[]) {
  return groupedBy(
    await db
      .selectFrom('rollout_mark')
      .selectAll()
      .where('rollout_id', 'in', [...rolloutIds, NOBODY])
      .orderBy('id')
      .execute(),
  )
}

/** `in ()` is no SQL. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

function groupedBy<T extends { rollout_id: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(row.rollout_id)
    if (group === undefined) groups.set(row.rollout_id, [row])
    else group.push(row)
  }
  return groups
}

export type RunRollout = {
  id: string
  path: string
  ref: string | null
  service_id: string
  state: string
  message: string | null
  receipt: unknown
  started_at: Date | null
  ended_at: Date | null
}

/** The rollouts that the Release steps of a run caused, in the order of the document. */
export async function listRolloutsOfRun(db: Db, runId: string): Promise<RunRollout[]> {
  const { rows } = await sql<RunRollout>`
    select r.id, n.path, n.ref, r.service_id, r.state, r.message, r.receipt, r.started_at, r.ended_at
      from release_node n
      join rollout r on r.revision_id = (coalesce(n.response, n.state) ->> 'revisionId')::uuid
     where n.run_id = ${runId}::uuid and n.kind = 'Release' and coalesce(n.response, n.state) ->> 'changed' = 'true'
     order by r.created_at, n.path
     limit 200`.execute(db)
  return rows
}
