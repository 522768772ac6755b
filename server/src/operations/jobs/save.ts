import { isDeepStrictEqual } from 'node:util'
import { check } from '@fairway/contract/check'
import { FairwayError } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import { type JobBody, type JobKind, jobBody } from '@fairway/contract/resources/job'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { findJob, insertJob, type JobRow, lockJob, updateJob } from '../../db/jobs.ts'
import { schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import { checkCommand } from '../check-command.ts'
import { setOwnSecrets } from '../environment/set-own.ts'
import { mergePatch } from '../merge-patch.ts'
import { requireOpenProject } from '../projects/require.ts'
import type { KnownImages } from '../registries/external-image.ts'
import { requireTags } from '../tags/save.ts'
import { checkSchedule } from './check-schedule.ts'
import { chooseJobSource, startFirstBuild } from './job-source.ts'
import { bodyOfJob, type NormalisedJob, normaliseJob } from './normalise.ts'

type Caller = { projectId: string; actor: string; images?: KnownImages }

/** Creates a job. One that builds from git starts its first build; another takes its build or image if it is there. */
export async function createJob(tx: Tx, caller: Caller, body: JobBody, sealer: Sealer): Promise<JobRow> {
  const { projectId, actor, images } = caller
  await requireOpenProject(tx, projectId)
  await requireTags(tx, body.tags)
  const id = slugOf(body.name)
  const { kind, spec, secrets, ...normal } = normaliseJob(body)
  checkSchedule(spec)
  checkCommand(spec.deployment)
  const job = await insertJob(tx, {
    project_id: projectId,
    id,
    kind,
    name: body.name,
    description: normal.description,
    spec,
    tags: normal.tags,
    suspended: normal.suspended ?? false,
    disabled_ci: normal.disabledCI,
    disabled_cd: normal.disabledCD,
  })
  if (job === undefined) {
    throw new FairwayError('name_taken', `There is a job "${id}" already. Choose another name.`)
  }
  await setOwnSecrets(tx, { projectId, kind: 'job', id }, secrets, sealer)
  await recordEvent(tx, event(caller, id, 'job.create'))
  await schedule(tx, 'job', `${projectId}/${id}`)
  await startFirstBuild(tx, job, actor, sealer)
  await chooseJobSource(tx, job, { actor, reason: 'deploy', images })
  return lockJob(tx, { projectId, jobId: id })
}

/** Creates the job, or replaces everything about the one of this name. */
export async function putJob(tx: Tx, caller: Caller, body: JobBody, sealer: Sealer): Promise<JobRow> {
  const jobId = slugOf(body.name)
  if ((await findJob(tx, { ...caller, jobId })) === undefined) return createJob(tx, caller, body, sealer)
  const job = await lockJob(tx, { ...caller, jobId })
  return changeJob(tx, { job, ...caller }, normaliseJob(body), sealer)
}

/** Lays a patch (in the generic form) over a job and checks the whole again. */
export async function patchJob(
  tx: Tx,
  target: Caller & { jobId: string; kind?: JobKind },
  patch: unknown,
  sealer: Sealer,
): Promise<JobRow> {
  const job = await lockJob(tx, target)
  if (target.kind !== undefined && job.kind !== target.kind) {
    throw new FairwayError(
      'conflict',
      `"${job.id}" is a ${job.kind} job, not a ${target.kind} job. Use its own route.`,
    )
  }
  const body = check(jobBody, mergePatch(bodyOfJob(job), patch), 'body')
  return changeJob(tx, { job, ...target }, normaliseJob(body), sealer)
}

async function changeJob(
  tx: Tx,
  { job, actor, images }: Caller & { job: JobRow },
  next: NormalisedJob,
  sealer: Sealer,
): Promise<JobRow> {
  const { project_id: projectId, id: jobId } = job
  if (next.kind !== job.kind) {
    throw new FairwayError('conflict', `"${jobId}" is a ${job.kind} job and stays one. Create another job.`)
  }
  checkSchedule(next.spec)
  checkCommand(next.spec.deployment)
  refuseNewSourceKind(job, next)
  await requireTags(tx, next.tags)
  await setOwnSecrets(tx, { projectId, kind: 'job', id: jobId }, next.secrets, sealer)
  const changed = await updateJob(tx, { projectId, jobId }, changeOf(job, next))
  await recordEvent(tx, event({ projectId, actor }, jobId, 'job.update'))
  await schedule(tx, 'job', `${projectId}/${jobId}`)
  if (!isDeepStrictEqual(sourceOf(job), sourceOf(changed))) {
    await chooseJobSource(tx, changed, { actor, reason: 'deploy', images }, sealer)
  }
  return lockJob(tx, { projectId, jobId })
}

function changeOf(job: JobRow, next: NormalisedJob): Parameters<typeof updateJob>[2] {
  const rescheduled = !isDeepStrictEqual(job.spec.settings.cron, next.spec.settings.cron)
  return {
    description: next.description,
    spec: next.spec,
    tags: next.tags,
    disabled_ci: next.disabledCI,
    disabled_cd: next.disabledCD,
    config_version: job.config_version + (isDeepStrictEqual(job.spec, next.spec) ? 0 : 1),
    ...(next.suspended !== undefined && { suspended: next.suspended }),
    // The scheduler works the next time out again.
    ...(rescheduled && { next_cron_at: null }),
  }
}

/** A job that builds from git keeps doing so, and the other way round. */
function refuseNewSourceKind(job: JobRow, next: NormalisedJob): void {
  const builds = (spec: JobRow['spec']): boolean => spec.vcsData !== undefined
  if (builds(job.spec) === builds(next.spec)) return
  throw new FairwayError(
    'conflict',
    'Whether a job builds from git cannot be changed later. Create another job.',
  )
}

const sourceOf = ({ spec }: JobRow): unknown => [spec.deployment.internal, spec.deployment.external]

const event = ({ projectId, actor }: Caller, id: string, type: string) =>
  ({ projectId, topic: 'audit', subject: `${projectId}/${id}`, type, actor }) as const
