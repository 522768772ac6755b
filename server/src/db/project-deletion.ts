import { jobRunMoves, runMoves, sourcesOf, unfinished, volumeMoves } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'
import { schedule, type WorkKind } from './work.ts'

/** What still stands in the way of deleting a project, in the order in which it goes. */
export type Leftovers = {
  runs: number
  jobRuns: number
  services: number
  addons: number
  volumes: number
  volumeBackups: number
}

const RUNS = unfinished(runMoves).filter((status) => status !== 'failure')
const JOB_RUNS = unfinished(jobRunMoves)

/** Counts what is under way or not yet cleared away by its own reconciler. */
export async function countLeftovers(db: Db, projectId: string): Promise<Leftovers> {
  const { rows } = await sql<Leftovers>`
    select (select count(*)::int from release_run
             where project_id = ${projectId} and status = any(${sql.val(RUNS)}::text[])) as runs,
           (select count(*)::int from job_run
             where project_id = ${projectId} and status = any(${sql.val(JOB_RUNS)}::text[])) as "jobRuns",
           (select count(*)::int from service where project_id = ${projectId}) as services,
           (select count(*)::int from addon where project_id = ${projectId}) as addons,
           (select count(*)::int from volume where project_id = ${projectId}) as volumes,
           (select count(*)::int from volume_backup where project_id = ${projectId}) as "volumeBackups"`.execute(
    db,
  )
  return rows[0] ?? { runs: 0, jobRuns: 0, services: 0, addons: 0, volumes: 0, volumeBackups: 0 }
}

/** Asks everything that is under way in a project to stop, once each. */
export async function abortProjectWork(tx: Tx, projectId: string): Promise<void> {
  await ask(
    tx,
    'release_run',
    await marked(
      sql<{ key: string }>`
    update release_run set abort_requested = true
     where project_id = ${projectId} and status = any(${sql.val(RUNS)}::text[]) and not abort_requested
    returning id::text as key`.execute(tx),
    ),
  )
  await ask(
    tx,
    'job_run',
    await marked(
      sql<{ key: string }>`
    update job_run set abort_requested = true
     where project_id = ${projectId} and status = any(${sql.val(JOB_RUNS)}::text[]) and not abort_requested
    returning id::text as key`.execute(tx),
    ),
  )
  await ask(
    tx,
    'build',
    await marked(
      sql<{ key: string }>`
    update build set abort_requested = true
     where project_id = ${projectId} and concluded_at is null and not abort_requested
    returning project_id || '/' || id as key`.execute(tx),
    ),
  )
}

/** Asks every service and addon of a project to go, once each. Jobs have nothing that runs any more. */
export async function deleteProjectResources(tx: Tx, projectId: string): Promise<void> {
  await ask(
    tx,
    'service',
    await marked(
      sql<{ key: string }>`
    update service set deleting = true where project_id = ${projectId} and not deleting
    returning project_id || '/' || id as key`.execute(tx),
    ),
  )
  await ask(
    tx,
    'addon',
    await marked(
      sql<{ key: string }>`
    update addon set deleting = true where project_id = ${projectId} and not deleting
    returning project_id || '/' || id as key`.execute(tx),
    ),
  )
}

/** Asks every volume and every backup of one to go, once each, when no service can use them any more. */
export async function deleteProjectVolumes(tx: Tx, projectId: string): Promise<void> {
  await ask(
    tx,
    'volume_backup',
    await marked(
      sql<{ key: string }>`
    update volume_backup set removing = true, abort_requested = true
     where project_id = ${projectId} and not removing
    returning id::text as key`.execute(tx),
    ),
  )
  await ask(
    tx,
    'volume',
    await marked(
      sql<{ key: string }>`
    update volume set status = 'DELETING', service_id = null
     where project_id = ${projectId} and status = any(${sql.val(sourcesOf(volumeMoves, 'DELETING'))}::text[])
    returning project_id || '/' || id as key`.execute(tx),
    ),
  )
}

const marked = async (query: Promise<{ rows: { key: string }[] }>): Promise<string[]> =>
  (await query).rows.map((row) => row.key)

async function ask(tx: Tx, kind: WorkKind, keys: readonly string[]): Promise<void> {
  for (const key of keys) await schedule(tx, kind, key)
}
