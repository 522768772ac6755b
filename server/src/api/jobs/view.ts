import type { jobRunView } from '@fairway/contract/routes/job-runs'
import type { JobView } from '@fairway/contract/routes/jobs'
import type { z } from 'zod'
import type { Db } from '../../db/db.ts'
import type { JobRunView } from '../../db/job-run-views.ts'
import type { JobRow } from '../../db/jobs.ts'
import { type DeployedSource, readBuildStatuses } from '../../db/service-status.ts'
import { appIdOf, CLUSTER, REGION } from '../cluster.ts'
import { sourceViewOf } from '../source-view.ts'

export const listItemOf = (row: JobRow) => ({
  id: row.id,
  appId: appIdOf(row.project_id, row.id),
  projectId: row.project_id,
  name: row.name,
  description: row.description,
  tags: row.tags,
  jobType: row.kind,
  disabledCI: row.disabled_ci,
  disabledCD: row.disabled_cd,
  suspended: row.suspended,
  paused: row.paused,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
})

/** Everything about a job, with what its next run was made from. */
export async function jobViewOf(db: Db, row: JobRow): Promise<JobView> {
  const { spec } = row
  const build = (await readBuildStatuses(db, row.project_id, 'job', [row.id])).get(row.id)
  return {
    ...listItemOf(row),
    billing: { ...spec.billing, deploymentPlan: spec.billing.deploymentPlan ?? '' },
    ...(spec.resources && { resources: spec.resources }),
    ...(spec.vcsData && { vcsData: spec.vcsData }),
    buildSettings: spec.buildSettings,
    buildConfiguration: spec.buildConfiguration,
    deployment: await jobDeploymentOf(db, row),
    settings: settingsOf(row),
    healthChecks: spec.healthChecks,
    status: build
      ? { build: { status: build.status, lastTransitionTime: build.changed_at.toISOString() } }
      : {},
    cluster: CLUSTER,
    artifact: row.artifact_digest,
  }
}

const POLICY = { allow: 'Allow', forbid: 'Forbid', replace: 'Replace' } as const

function settingsOf({ spec, suspended, next_cron_at }: JobRow): JobView['settings'] {
  const { backoffLimit, activeDeadlineSeconds, runOnSourceChange, cron } = spec.settings
  return {
    backoffLimit,
    activeDeadlineSeconds: activeDeadlineSeconds ?? null,
    runOnSourceChange,
    ...(cron && {
      cron: {
        schedule: cron.schedule,
        concurrencyPolicy: POLICY[cron.concurrencyPolicy],
        suspended,
        nextRunAt: next_cron_at?.toISOString() ?? null,
      },
    }),
  }
}

export async function jobDeploymentOf(db: Db, row: JobRow) {
  const { internal, external, ...deployment } = row.spec.deployment
  const deployed = (row.source ?? undefined) as DeployedSource | undefined
  const source = await sourceViewOf(db, row.project_id, {
    asked: { internal, external },
    deployed,
    self: row.id,
  })
  return { ...deployment, region: REGION, ...source }
}

export function jobRunViewOf(run: JobRunView, backoffLimit: number): z.input<typeof jobRunView> {
  const concluded = run.concluded_at !== null
  return {
    id: run.id,
    runName: run.run_name,
    status: run.status as 'RUNNING',
    trigger: run.trigger,
    active: run.status === 'RUNNING' || run.status === 'ABORTING' ? 1 : 0,
    succeeded: run.status === 'SUCCESS' ? 1 : 0,
    failed: run.failed,
    completions: 1,
    backoffLimit,
    concluded,
    createdAt: run.created_at.toISOString(),
    startedAt: run.started_at?.toISOString() ?? null,
    concludedAt: run.concluded_at?.toISOString() ?? null,
    buildId: run.build_id,
    artifact: run.artifact_digest,
    ...(run.error !== null && { error: run.error }),
  }
}

const CONTAINER = {
  QUEUED: 'TASK_STAGING',
  RUNNING: 'TASK_RUNNING',
  ABORTING: 'TASK_KILLING',
  SUCCESS: 'TASK_FINISHED',
  FAILED: 'TASK_FAILED',
  ABORTED: 'TASK_KILLED',
} as const

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

/** The current attempt of a run, as Northflank shows a container. */
export const jobContainerOf = (run: JobRunView) => ({
  name: run.instance_id ?? run.run_name,
  status: CONTAINER[run.status as keyof typeof CONTAINER],
  createdAt: seconds(run.started_at ?? run.created_at),
  updatedAt: seconds(run.concluded_at ?? run.started_at ?? run.created_at),
})
