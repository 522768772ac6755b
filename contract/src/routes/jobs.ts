import { z } from 'zod'
import { resourceId } from '../names.ts'
import { patchOf } from '../patch-of.ts'
import { billing, storage } from '../resources/deployment.ts'
import { healthCheck, healthChecks } from '../resources/health-check.ts'
import { cronJobBody, cronSettings, jobBody, jobKinds, jobSettings, manualJobBody } from '../resources/job.ts'
import { route } from '../route.ts'
import { clusterView } from './projects.ts'
import { containerView } from './service-actions.ts'
import { deploymentSource, sourceView } from './services.ts'

const tag = 'Jobs'
const inProject = z.object({ projectId: resourceId })
const params = inProject.extend({ jobId: resourceId })
const path = '/projects/{projectId}/jobs/{jobId}'
const done = z.object({})

export const jobListItem = z.object({
  id: z.string(),
  appId: z.string(),
  projectId: z.string(),
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  jobType: z.enum(jobKinds),
  disabledCI: z.boolean(),
  disabledCD: z.boolean(),
  suspended: z.boolean(),
  paused: z.boolean(),
  createdAt: z.string(),
  updatedAt: z.string(),
})

const jobDeploymentView = z.looseObject({ region: z.string(), ...sourceView })

export const jobView = jobListItem.extend({
  billing: z.looseObject({ deploymentPlan: z.string() }),
  resources: z.object({ cpuMillis: z.number().optional(), memoryMb: z.number().optional() }).optional(),
  vcsData: z.looseObject({ projectUrl: z.string() }).optional(),
  buildSettings: z.looseObject({}).optional(),
  buildConfiguration: z.looseObject({}).optional(),
  buildEngineConfiguration: z.looseObject({}).optional(),
  deployment: jobDeploymentView,
  settings: z.object({
    backoffLimit: z.number(),
    activeDeadlineSeconds: z.number().nullable(),
    runOnSourceChange: z.string(),
    cron: z
      .object({
        schedule: z.string(),
        concurrencyPolicy: z.enum(['Allow', 'Forbid', 'Replace']),
        suspended: z.boolean(),
        nextRunAt: z.string().nullable(),
      })
      .optional(),
  }),
  healthChecks: z.array(healthCheck),
  status: z.object({ build: z.object({ status: z.string(), lastTransitionTime: z.string() }).optional() }),
  cluster: clusterView,
  artifact: z.string().nullable().describe('digest of what the next run runs'),
})
export type JobView = z.input<typeof jobView>

export const listJobs = route({
  id: 'listJobs',
  method: 'GET',
  path: '/projects/{projectId}/jobs',
  summary: 'List jobs',
  tag,
  permission: 'read',
  params: inProject,
  reply: z.object({ jobs: z.array(jobListItem) }),
  paginated: true,
})

const save = { tag, permission: 'write', params: inProject, reply: jobView } as const
const change = { tag, permission: 'write', params, reply: jobView, method: 'PATCH' } as const

export const createJob = route({
  ...save,
  id: 'createJob',
  method: 'POST',
  path: '/projects/{projectId}/jobs',
  summary: 'Create a job; with `settings.cron` it runs on a schedule',
  body: jobBody,
})
export const putJob = route({
  ...save,
  id: 'putJob',
  method: 'PUT',
  path: '/projects/{projectId}/jobs',
  summary: 'Create a job, or replace the one of this name',
  body: jobBody,
})
export const patchJob = route({
  ...change,
  id: 'patchJob',
  path,
  summary: 'Change parts of a job',
  body: patchOf(jobBody.omit({ name: true })),
})
export const createManualJob = route({
  ...save,
  id: 'createManualJob',
  method: 'POST',
  path: '/projects/{projectId}/jobs/manual',
  summary: 'Create a job that runs when asked',
  body: manualJobBody,
})
export const putManualJob = route({
  ...save,
  id: 'putManualJob',
  method: 'PUT',
  path: '/projects/{projectId}/jobs/manual',
  summary: 'Create a manual job, or replace the one of this name',
  body: manualJobBody,
})
export const patchManualJob = route({
  ...change,
  id: 'patchManualJob',
  path: '/projects/{projectId}/jobs/manual/{jobId}',
  summary: 'Change parts of a manual job',
  body: patchOf(manualJobBody.omit({ name: true })),
})
export const createCronJob = route({
  ...save,
  id: 'createCronJob',
  method: 'POST',
  path: '/projects/{projectId}/jobs/cron',
  summary: 'Create a job that runs on a schedule (UTC)',
  body: cronJobBody,
})
export const putCronJob = route({
  ...save,
  id: 'putCronJob',
  method: 'PUT',
  path: '/projects/{projectId}/jobs/cron',
  summary: 'Create a cron job, or replace the one of this name',
  body: cronJobBody,
})
export const patchCronJob = route({
  ...change,
  id: 'patchCronJob',
  path: '/projects/{projectId}/jobs/cron/{jobId}',
  summary: 'Change parts of a cron job',
  body: patchOf(cronJobBody.omit({ name: true })),
})

export const getJob = route({
  id: 'getJob',
  method: 'GET',
  path,
  summary: 'A job',
  tag,
  permission: 'read',
  params,
  reply: jobView,
})
export const deleteJob = route({
  id: 'deleteJob',
  method: 'DELETE',
  path,
  summary: 'Delete a job with its runs',
  tag,
  permission: 'write',
  params,
  query: z.object({ delete_child_objects: z.stringbool().default(false) }),
  reply: done,
})

const read = { method: 'GET', tag, permission: 'read', params } as const
const act = { method: 'POST', tag, permission: 'write', params } as const

export const getJobDeployment = route({
  ...read,
  id: 'getJobDeployment',
  path: `${path}/deployment`,
  summary: 'What the next run runs',
  reply: jobDeploymentView,
})
export const updateJobDeployment = route({
  ...act,
  id: 'updateJobDeployment',
  path: `${path}/deployment`,
  summary: 'Choose the build or image of the next runs',
  body: deploymentSource,
  reply: done,
})
export const getJobHealthChecks = route({
  ...read,
  id: 'getJobHealthChecks',
  path: `${path}/health-checks`,
  summary: 'The probes of a job',
  reply: z.object({ healthChecks: z.array(healthCheck) }),
})
export const updateJobHealthChecks = route({
  ...act,
  id: 'updateJobHealthChecks',
  path: `${path}/health-checks`,
  summary: 'Replace the probes of a job',
  body: z.strictObject({ healthChecks }),
  reply: done,
})
export const updateJobSettings = route({
  ...act,
  id: 'updateJobSettings',
  path: `${path}/settings`,
  summary: 'Change retries, deadline and schedule',
  body: z.strictObject({
    backoffLimit: jobSettings.shape.backoffLimit.unwrap().optional(),
    runOnSourceChange: jobSettings.shape.runOnSourceChange.unwrap().optional(),
    activeDeadlineSeconds: z.int().min(1).max(604_800).nullable().optional(),
    schedule: cronSettings.shape.schedule.optional(),
    concurrencyPolicy: cronSettings.shape.concurrencyPolicy.unwrap().optional(),
  }),
  reply: done,
})
export const scaleJob = route({
  ...act,
  id: 'scaleJob',
  path: `${path}/scale`,
  summary: 'Change the size of the next runs',
  body: z.strictObject({ deploymentPlan: billing.shape.deploymentPlan, storage: storage.optional() }),
  reply: done,
})
export const suspendJob = route({
  ...act,
  id: 'suspendJob',
  path: `${path}/suspend`,
  summary: 'Stop or go on with the schedule',
  body: z.strictObject({ suspended: z.boolean().default(true) }),
  reply: done,
})
export const pauseJob = route({
  ...act,
  id: 'pauseJob',
  path: `${path}/pause`,
  summary: 'Stop the schedule and turn CI and CD off',
  reply: done,
})
export const resumeJob = route({
  ...act,
  id: 'resumeJob',
  path: `${path}/resume`,
  summary: 'Undo a pause',
  body: z.strictObject({
    suspended: z.boolean().optional(),
    disabledCI: z.boolean().optional(),
    disabledCD: z.boolean().optional(),
  }),
  reply: done,
})
export const getJobContainers = route({
  ...read,
  id: 'getJobContainers',
  path: `${path}/containers`,
  summary: 'The instance of each run, newest first',
  query: z.object({ runId: z.string().max(100).optional() }),
  reply: z.object({
    containers: z.array(containerView.pick({ name: true, status: true, createdAt: true, updatedAt: true })),
    runId: z.string(),
  }),
  paginated: true,
})
