import { type JobView, patchJob } from '@fairway/contract/routes/jobs'
import type { z } from 'zod'
import { LIMITS } from '../../ui/limit-fields.tsx'

export type JobPatch = z.output<NonNullable<typeof patchJob.body>>
/** What may be sent is what may be written. */
export const jobPatch = patchJob.body as unknown as z.ZodType<JobPatch, JobPatch>

/** The parts of a settings form take these. */
export type JobPartProps = {
  job: JobView
  saved: JobPatch
  value: JobPatch
  set(change: JobPatch): void
  problem(field: string): string | undefined
}

export const JOB_FIELDS = [
  ...LIMITS,
  'description',
  'settings.cron.schedule',
  'settings.cron.concurrencyPolicy',
  'settings.backoffLimit',
  'settings.activeDeadlineSeconds',
  'settings.runOnSourceChange',
  'billing.deploymentPlan',
  'billing.buildPlan',
  'deployment.docker.customEntrypoint',
  'deployment.docker.customCommand',
  'deployment.gracePeriodSeconds',
  'deployment.vcs.projectUrl',
  'deployment.vcs.projectBranch',
  'buildSettings.dockerfile.dockerFilePath',
  'buildSettings.dockerfile.dockerWorkDir',
  'buildSettings.buildpack.buildContext',
  'buildSettings.buildpack.builder',
  'buildConfiguration.dockerfileTarget',
  'buildConfiguration.pathIgnoreRules',
] as const

/** What is saved of a job, as the body that would save it. Pure. */
export function savedOf({ description, settings, billing, deployment, ...job }: JobView): JobPatch {
  const { cron, ...others } = settings
  const { deploymentPlan, buildPlan } = billing as { deploymentPlan?: string; buildPlan?: string }
  const { docker, storage, gracePeriodSeconds } = deployment as Pick<
    NonNullable<JobPatch['deployment']>,
    'docker' | 'storage' | 'gracePeriodSeconds'
  >
  return {
    description,
    settings: {
      ...(others as JobPatch['settings']),
      ...(cron && { cron: { schedule: cron.schedule, concurrencyPolicy: policyOf(cron.concurrencyPolicy) } }),
    },
    billing: {
      ...(deploymentPlan && { deploymentPlan }),
      ...(buildPlan && { buildPlan }),
    } as NonNullable<JobPatch['billing']>,
    ...(job.resources && { resources: job.resources }),
    deployment: {
      ...(docker && { docker }),
      ...(storage && { storage }),
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(job.vcsData !== undefined && { vcs: job.vcsData }),
    },
    disabledCI: job.disabledCI,
    disabledCD: job.disabledCD,
    buildSettings: (job.buildSettings ?? {}) as NonNullable<JobPatch['buildSettings']>,
    buildConfiguration: (job.buildConfiguration ?? {}) as NonNullable<JobPatch['buildConfiguration']>,
  }
}

/** Bodies write it small. */
const policyOf = (shown: 'Allow' | 'Forbid' | 'Replace') =>
  ({ Allow: 'allow', Forbid: 'forbid', Replace: 'replace' })[shown] as 'allow' | 'forbid' | 'replace'
