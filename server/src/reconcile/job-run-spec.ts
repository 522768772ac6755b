import type { JobRunRow } from '../db/job-runs.ts'
import type { JobRow } from '../db/jobs.ts'
import { type DeployedSource, readRepository } from '../db/service-status.ts'
import { resolveRuntimeEnvironment } from '../operations/environment/resolve.ts'
import { secretPartsOf } from '../operations/environment/secret-looking.ts'
import { type JobRunOverrides, openOverrides } from '../operations/jobs/run-overrides.ts'
import { artifactRefOf } from './artifact-ref.ts'
import type { JobDeps } from './job-deps.ts'
import { runSettings } from './run-config.ts'
import type { InstanceSpec } from './runtime-port.ts'

export const attemptId = (runId: string, attempt: number): string => `${runId}.${attempt}`

type Deps = Pick<JobDeps, 'db' | 'sealer' | 'locate'>

/** Everything the runtime has to know to start the current attempt of a run. What the run overrides wins. */
export async function jobRunSpec(deps: Deps, job: JobRow, run: JobRunRow): Promise<InstanceSpec> {
  const { project_id: projectId, id: jobId } = job
  const { env, files, overrides } = await runEnvironment(deps, job, run)
  return {
    id: attemptId(run.id, run.attempt),
    labels: { projectId, ownerKind: 'job', ownerId: jobId, revision: run.id },
    artifact: await artifactRefOf(deps, run, 'job_failed'),
    ...settingsOf(job, overrides),
    env: { ...(await injected(deps, job, run)), ...env },
    files,
    ports: [],
  }
}

type RunEnvironment = Pick<InstanceSpec, 'env' | 'files'> & { overrides: JobRunOverrides }

/** The variables and files of a run. Announces its secrets to the masker, also those of a run that was adopted. */
export async function runEnvironment(
  { db, sealer }: Pick<JobDeps, 'db' | 'sealer'>,
  job: JobRow,
  run: JobRunRow,
): Promise<RunEnvironment> {
  const overrides = openOverrides(run.id, run.overrides, sealer)
  const { project_id: projectId, id, tags } = job
  const resolved = await resolveRuntimeEnvironment(db, { projectId, kind: 'job', id, tags }, sealer)
  for (const [name, value] of Object.entries(overrides.runtimeEnvironment))
    for (const part of secretPartsOf(name, value)) sealer.announce(part)
  const files = new Map(resolved.files.map((file) => [file.path, file]))
  for (const [path, { data }] of Object.entries(overrides.runtimeFiles))
    files.set(path, { path, contentBase64: data })
  return { env: { ...resolved.env, ...overrides.runtimeEnvironment }, files: [...files.values()], overrides }
}

/** The process type `job` is run unless a command or another type is named. */
function settingsOf(
  { spec }: JobRow,
  { deployment, billing }: JobRunOverrides,
): Pick<InstanceSpec, 'entrypoint' | 'command' | 'processType' | 'limits'> {
  const docker = deployment?.docker ?? (deployment?.buildpack ? undefined : spec.deployment.docker)
  const buildpack = deployment?.buildpack ?? (deployment?.docker ? undefined : spec.deployment.buildpack)
  const plan = billing?.deploymentPlan
  // A plan named for this run replaces what the job was given.
  const size =
    plan === undefined ? { plan: spec.billing.deploymentPlan, resources: spec.resources } : { plan }
  const storage = deployment?.storage ?? spec.deployment.storage
  const { start, limits } = runSettings({ config: { ...size, docker, buildpack, storage } })
  const isNamed = buildpack?.configType === 'customProcess' && buildpack.customProcess !== undefined
  return {
    ...start,
    processType: isNamed ? (buildpack.customProcess ?? 'job') : 'job',
    limits,
  }
}

async function injected(
  { db }: Pick<JobDeps, 'db'>,
  { project_id: projectId, id, source }: JobRow,
  run: JobRunRow,
): Promise<Record<string, string>> {
  const { internal } = (source ?? {}) as DeployedSource
  const own = { NF_PROJECT_ID: projectId, NF_OBJECT_ID: id, NF_JOB_RUN_ID: run.id }
  // The run may have been given another build than the job has.
  if (internal === undefined || internal.buildId !== run.build_id) return own
  return {
    ...own,
    NF_DEPLOYMENT_SHA: internal.buildSHA ?? '',
    NF_DEPLOYMENT_BRANCH: internal.branch,
    NF_DEPLOYMENT_REPO: await readRepository(db, internal.projectId ?? projectId, internal.id),
  }
}
