import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'
import type { FlowKey } from './release-flows.ts'
import type { SecretVersions } from './revisions.ts'

/** What a service or job of a stage runs. `digest` null: nothing was ever deployed. */
export type DeployedState = {
  artifactKind: 'bundle' | 'image' | null
  digest: string | null
  source: unknown
  buildId: string | null
  configVersion: number
}

export type ServiceState = DeployedState & {
  revisionId: string | null
  secretVersions: SecretVersions | null
  instances: number
}

export type TargetKind = 'service' | 'job'
export type TargetRef = { kind: TargetKind; id: string }

/** What each service of a stage is meant to run: its desired revision. */
export async function readServiceStates(db: Db, key: FlowKey): Promise<(ServiceState & { id: string })[]> {
  const { rows } = await sql<ServiceState & { id: string }>`
    select s.id, s.instances, r.id as "revisionId",
           r.artifact_kind as "artifactKind", r.artifact_digest as digest, r.source, r.build_id as "buildId",
           coalesce(r.config_version, s.config_version) as "configVersion",
           r.secret_versions as "secretVersions"
      from pipeline_object o
      join service s on s.project_id = o.project_id and s.id = o.object_id
      left join revision r on r.id = coalesce(s.desired_revision, s.current_revision)
     where o.project_id = ${key.projectId} and o.pipeline_id = ${key.pipelineId} and o.stage = ${key.stage}
       and o.object_kind = 'service'
     order by s.id`.execute(db)
  return rows
}

export async function readJobStates(db: Db, key: FlowKey): Promise<(DeployedState & { id: string })[]> {
  const { rows } = await sql<DeployedState & { id: string }>`
    select j.id, j.artifact_kind as "artifactKind", j.artifact_digest as digest, j.source,
           j.build_id as "buildId", j.config_version as "configVersion"
      from pipeline_object o
      join job j on j.project_id = o.project_id and j.id = o.object_id
     where o.project_id = ${key.projectId} and o.pipeline_id = ${key.pipelineId} and o.stage = ${key.stage}
       and o.object_kind = 'job'
     order by j.id`.execute(db)
  return rows
}

/** What a service or job runs now. Undefined: there is none of this id. */
export async function readDeployed(
  db: Db,
  projectId: string,
  { kind, id }: TargetRef,
): Promise<DeployedState | undefined> {
  const { rows } =
    kind === 'service'
      ? await sql<DeployedState>`
          select r.artifact_kind as "artifactKind", r.artifact_digest as digest, r.source, r.build_id as "buildId",
                 coalesce(r.config_version, s.config_version) as "configVersion"
            from service s left join revision r on r.id = coalesce(s.current_revision, s.desired_revision)
           where s.project_id = ${projectId} and s.id = ${id}`.execute(db)
      : await sql<DeployedState>`
          select artifact_kind as "artifactKind", artifact_digest as digest, source, build_id as "buildId",
                 config_version as "configVersion"
            from job where project_id = ${projectId} and id = ${id}`.execute(db)
  return rows[0]
}

export type BackupTaken = { id: string; addonId: string; name: string; status: string; takenAt: Date }

/** The backups that the AddonBackup steps of these runs started. */
export async function listBackupsOfRuns(
  db: Db,
  runIds: readonly string[],
): Promise<(BackupTaken & { runId: string })[]> {
  if (runIds.length === 0) return []
  const { rows } = await sql<BackupTaken & { runId: string }>`
    select b.id, b.addon_id as "addonId", b.name, b.status, b.created_at as "takenAt", n.run_id as "runId"
      from release_node n join backup b on b.id::text = coalesce(n.response ->> 'id', n.state ->> 'backupId')
     where n.run_id = any(${sql.val(runIds)}::uuid[]) and n.kind = 'AddonBackup'
     order by b.created_at`.execute(db)
  return rows
}

/** The runs of jobs and commands of these runs: what a rollback cannot undo. */
export async function listEffectsOfRuns(
  db: Db,
  runIds: readonly string[],
): Promise<{ runId: string; kind: string; input: unknown; startedAt: Date }[]> {
  if (runIds.length === 0) return []
  const { rows } = await sql<{ runId: string; kind: string; input: unknown; startedAt: Date }>`
    select run_id as "runId", kind, input, started_at as "startedAt" from release_node
     where run_id = any(${sql.val(runIds)}::uuid[]) and kind in ('JobRun', 'Action')
       and started_at is not null and status <> 'skipped'
     order by started_at`.execute(db)
  return rows
}

/** The targets that the Release steps of a run deployed to. */
export async function listReleasedTargets(db: Db, runId: string): Promise<TargetRef[]> {
  const { rows } = await sql<{ kind: TargetKind; id: string }>`
    select distinct input #>> '{target,type}' as kind, input #>> '{target,id}' as id from release_node
     where run_id = ${runId} and kind = 'Release' and status = 'success' order by 1, 2`.execute(db)
  return rows
}

/** Volumes of services: such a service is stopped before it is replaced. */
export async function listVolumeServices(db: Db, projectId: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom('volume')
    .select('service_id')
    .where('project_id', '=', projectId)
    .where('service_id', 'is not', null)
    .execute()
  return new Set(rows.flatMap(({ service_id }) => service_id ?? []))
}

/** What is known of the commits of builds, by build id. */
export async function readBuildCommits(
  db: Db,
  projectId: string,
  buildIds: readonly string[],
): Promise<Map<string, { sha: string | null; branch: string; message: string | null; kept: boolean }>> {
  if (buildIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('build')
    .select(['id', 'sha', 'branch', 'message', 'artifact_digest'])
    .where('project_id', '=', projectId)
    .where('id', 'in', buildIds)
    .execute()
  return new Map(
    rows.map(({ id, sha, branch, message, artifact_digest }) => [
      id,
      { sha, branch, message, kept: artifact_digest !== null },
    ]),
  )
}

export async function turnContinuousDeploymentOff(
  tx: Tx,
  projectId: string,
  { kind, id }: TargetRef,
): Promise<void> {
  await tx
    .updateTable(kind)
    .set({ disabled_cd: true })
    .where('project_id', '=', projectId)
    .where('id', '=', id)
    .where('disabled_cd', '=', false)
    .execute()
}

/** Which of these artifacts are still stored. */
export async function listKeptArtifacts(db: Db, digests: readonly string[]): Promise<Set<string>> {
  if (digests.length === 0) return new Set()
  const rows = await db.selectFrom('artifact').select('digest').where('digest', 'in', digests).execute()
  return new Set(rows.map(({ digest }) => digest))
}
