import { FairwayError, invalid } from '@fairway/contract/errors'
import { planNames } from '@fairway/contract/resources/plans'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { insertJobRun, type JobRunTrigger } from '../../db/job-runs.ts'
import { type JobRow, requireJob } from '../../db/jobs.ts'
import { newId, schedule } from '../../db/work.ts'
import type { Sealer } from '../../lib/seal.ts'
import type { ArtifactChoice } from '../artifact-choice.ts'
import { chooseArtifact } from '../builds/choose.ts'
import { checkCommand } from '../check-command.ts'
import type { KnownImages } from '../registries/external-image.ts'
import { newRunName } from './run-name.ts'
import { type JobRunOverrides, sealOverrides } from './run-overrides.ts'

export type RunRequest = {
  projectId: string
  jobId: string
  /** For this run only. */
  overrides: JobRunOverrides
  trigger: JobRunTrigger
  actor: string
  images?: KnownImages
}

/** Queues a run of a job, on what it has now or on the build or image that the overrides name. */
export async function runJob(
  tx: Tx,
  { projectId, jobId, overrides, trigger, actor, images }: RunRequest,
  sealer: Sealer,
): Promise<{ runId: string; runName: string }> {
  const job = await requireJob(tx, { projectId, jobId })
  refuseUnknownPlan(overrides)
  checkCommand(overrides.deployment)
  const artifact = await artifactOf(tx, job, overrides, images)
  const runId = newId()
  const runName = newRunName()
  await insertJobRun(tx, {
    id: runId,
    projectId,
    jobId,
    runName,
    trigger,
    overrides: sealOverrides(runId, overrides, sealer),
    artifactKind: artifact.kind,
    artifactDigest: artifact.digest,
    buildId: artifact.buildId ?? null,
    source: artifact.source,
    actor,
  })
  await schedule(tx, 'job_run', runId)
  await recordEvent(tx, {
    projectId,
    topic: 'job-run',
    subject: runId,
    type: 'job-run.status',
    actor,
    data: { jobId, runName, status: 'QUEUED', trigger, digest: artifact.digest },
  })
  return { runId, runName }
}

function refuseUnknownPlan({ billing }: JobRunOverrides): void {
  const plan = billing?.deploymentPlan
  if (plan === undefined || planNames.some((name) => name === plan)) return
  throw invalid('billing.deploymentPlan', `there is no plan "${plan}"`)
}

async function artifactOf(
  tx: Tx,
  job: JobRow,
  { deployment }: JobRunOverrides,
  images: KnownImages | undefined,
): Promise<ArtifactChoice> {
  const { internal, external } = deployment ?? {}
  const self = { projectId: job.project_id, ownerKind: 'job', ownerId: job.id } as const
  const asked = internal && { ...internal, id: internal.id ?? job.spec.deployment.internal?.id }
  const chosen =
    asked === undefined && external === undefined
      ? currentOf(job)
      : await chooseArtifact(tx, self, { internal: asked, external }, images)
  if (chosen !== undefined) return chosen
  throw new FairwayError(
    'invalid_state',
    `The job "${job.id}" has nothing to run yet. Wait for its build, or deploy a build or an image to it.`,
  )
}

function currentOf(job: JobRow): ArtifactChoice | undefined {
  if (job.artifact_kind === null || job.artifact_digest === null) return undefined
  return {
    kind: job.artifact_kind as ArtifactChoice['kind'],
    digest: job.artifact_digest,
    source: job.source,
    ...(job.build_id !== null && { buildId: job.build_id }),
  }
}
