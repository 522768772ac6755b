import { z } from 'zod'
import { resourceId } from '../names.ts'
import {
  billing,
  docker,
  externalSource,
  internalSource,
  runShape,
  storage,
} from '../resources/deployment.ts'
import { secretFiles, variables } from '../resources/secret-group.ts'
import { route } from '../route.ts'

const tag = 'Jobs'
const params = z.object({ projectId: resourceId, jobId: resourceId })
const path = '/projects/{projectId}/jobs/{jobId}'
const read = { method: 'GET', tag, permission: 'read', params } as const

export const jobRunView = z.object({
  id: z.string(),
  runName: z.string(),
  status: z.enum(['QUEUED', 'RUNNING', 'SUCCESS', 'FAILED', 'ABORTING', 'ABORTED']),
  trigger: z.string(),
  active: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  completions: z.number(),
  backoffLimit: z.number(),
  concluded: z.boolean(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  concludedAt: z.string().nullable(),
  buildId: z.string().nullable(),
  artifact: z.string().nullable(),
  error: z.unknown().optional(),
})

/** What one run may change of its job. */
export const jobRunOverrides = z.strictObject({
  runtimeEnvironment: variables.optional(),
  runtimeFiles: secretFiles.optional(),
  billing: billing.pick({ deploymentPlan: true }).optional(),
  deployment: z
    .strictObject({
      docker: docker.optional(),
      buildpack: runShape.buildpack,
      storage: storage.optional(),
      internal: internalSource.optional(),
      external: externalSource.optional(),
    })
    .optional(),
})

export const listJobRuns = route({
  ...read,
  id: 'listJobRuns',
  path: `${path}/runs`,
  summary: 'Runs, newest first',
  reply: z.object({ runs: z.array(jobRunView) }),
  paginated: true,
})
export const startJobRun = route({
  id: 'startJobRun',
  method: 'POST',
  tag,
  permission: 'write',
  params,
  path: `${path}/runs`,
  summary: 'Run a job, with changes for this run only',
  body: jobRunOverrides,
  reply: z.object({ id: z.string(), runName: z.string() }),
})

const oneRun = params.extend({ runId: z.uuid() })

export const getJobRun = route({
  ...read,
  id: 'getJobRun',
  path: `${path}/runs/{runId}`,
  summary: 'A run',
  params: oneRun,
  reply: jobRunView,
})
export const abortJobRun = route({
  id: 'abortJobRun',
  method: 'DELETE',
  tag,
  permission: 'write',
  path: `${path}/runs/{runId}`,
  summary: 'Abort a run',
  params: oneRun,
  reply: z.object({}),
})
