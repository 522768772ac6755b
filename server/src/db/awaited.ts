import { sql } from 'kysely'
import type { Db } from './db.ts'

/** What release runs look at while they wait. Statuses are written by those who observe them; these only read. */

export type AwaitedError = { code?: string; message?: string } | null

export type AwaitedBuild = {
  id: string
  status: string
  branch: string
  sha: string | null
  owner_kind: 'service' | 'job'
  owner_id: string
  error: AwaitedError
}

export async function readAwaitedBuild(
  db: Db,
  projectId: string,
  buildId: string,
): Promise<AwaitedBuild | undefined> {
  const row = await db
    .selectFrom('build')
    .select(['id', 'status', 'branch', 'sha', 'owner_kind', 'owner_id', 'error'])
    .where('project_id', '=', projectId)
    .where('id', '=', buildId)
    .executeTakeFirst()
  return row as AwaitedBuild | undefined
}

/** The newest build of an owner and branch that can still be deployed: what `useLastBuild` falls back to. */
export async function readLastBuild(
  db: Db,
  owner: { projectId: string; kind: 'service' | 'job'; id: string },
  branch: string,
): Promise<AwaitedBuild | undefined> {
  const row = await db
    .selectFrom('build')
    .select(['id', 'status', 'branch', 'sha', 'owner_kind', 'owner_id', 'error'])
    .where('project_id', '=', owner.projectId)
    .where('owner_kind', '=', owner.kind)
    .where('owner_id', '=', owner.id)
    .where('branch', '=', branch)
    .where('status', '=', 'SUCCESS')
    .where('artifact_digest', 'is not', null)
    .orderBy('created_at', 'desc')
    .executeTakeFirst()
  return row as AwaitedBuild | undefined
}

export type AwaitedJobRun = {
  id: string
  job_id: string
  run_name: string
  status: string
  error: AwaitedError
}

export async function readAwaitedJobRun(db: Db, runId: string): Promise<AwaitedJobRun | undefined> {
  if (!isUuid(runId)) return undefined
  const row = await db
    .selectFrom('job_run')
    .select(['id', 'job_id', 'run_name', 'status', 'error'])
    .where('id', '=', runId)
    .executeTakeFirst()
  return row as AwaitedJobRun | undefined
}

export type AwaitedBackup = {
  id: string
  addon_id: string
  name: string
  status: string
  error: AwaitedError
}

export async function readAwaitedBackup(db: Db, id: string): Promise<AwaitedBackup | undefined> {
  if (!isUuid(id)) return undefined
  const row = await db
    .selectFrom('backup')
    .select(['id', 'addon_id', 'name', 'status', 'error'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row as AwaitedBackup | undefined
}

export async function readAwaitedRestore(
  db: Db,
  id: string,
): Promise<{ status: string; error: AwaitedError } | undefined> {
  const row = await db
    .selectFrom('restore')
    .select(['status', 'error'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row as { status: string; error: AwaitedError } | undefined
}

export type AwaitedRollout = { state: string; message: string | null }

/** The newest rollout of a revision. */
export async function readAwaitedRollout(db: Db, revisionId: string): Promise<AwaitedRollout | undefined> {
  return db
    .selectFrom('rollout')
    .select(['state', 'message'])
    .where('revision_id', '=', revisionId)
    .orderBy('created_at', 'desc')
    .executeTakeFirst()
}

export type AwaitedService = {
  desired_revision: string | null
  current_revision: string | null
  deployment_status: string
  deployment_message: string | null
  paused: boolean
}

export async function readAwaitedService(
  db: Db,
  projectId: string,
  id: string,
): Promise<AwaitedService | undefined> {
  return db
    .selectFrom('service')
    .select(['desired_revision', 'current_revision', 'deployment_status', 'deployment_message', 'paused'])
    .where('project_id', '=', projectId)
    .where('id', '=', id)
    .executeTakeFirst()
}

export type AwaitedAddon = {
  status: string
  status_message: string | null
  restart_requested: boolean
  version: string | null
}

export async function readAwaitedAddon(
  db: Db,
  projectId: string,
  id: string,
): Promise<AwaitedAddon | undefined> {
  return db
    .selectFrom('addon')
    .select(['status', 'status_message', 'restart_requested', 'version'])
    .where('project_id', '=', projectId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** The runtime id of an instance of the service that runs, the ready ones first. */
export async function pickServiceInstance(
  db: Db,
  projectId: string,
  serviceId: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select i.id || '.' || i.attempt as id from instance i
      join service s on s.project_id = i.project_id and s.id = i.service_id
     where i.project_id = ${projectId} and i.service_id = ${serviceId} and i.state = 'running'
     order by i.ready desc, (i.revision_id = s.current_revision) desc nulls last, i.created_at desc
     limit 1`.execute(db)
  return rows[0]?.id
}

/** The runtime id of the instance of the job's newest run that runs. */
export async function pickJobInstance(db: Db, projectId: string, jobId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('job_run')
    .select('instance_id')
    .where('project_id', '=', projectId)
    .where('job_id', '=', jobId)
    .where('status', '=', 'RUNNING')
    .where('instance_id', 'is not', null)
    .orderBy('created_at', 'desc')
    .executeTakeFirst()
  return row?.instance_id ?? undefined
}

const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
