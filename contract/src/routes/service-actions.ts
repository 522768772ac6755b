import { z } from 'zod'
import { resourceId } from '../names.ts'
import { buildConfiguration, buildSettings } from '../resources/build-settings.ts'
import { billing, storage } from '../resources/deployment.ts'
import { vcsData } from '../resources/git.ts'
import { healthChecks } from '../resources/health-check.ts'
import { ports } from '../resources/ports.ts'
import { route } from '../route.ts'
import { deploymentSource, deploymentView, serviceView } from './services.ts'

const tag = 'Services'
const params = z.object({ projectId: resourceId, serviceId: resourceId })
const path = '/projects/{projectId}/services/{serviceId}'
const read = { method: 'GET', tag, permission: 'read', params } as const
const act = { method: 'POST', tag, permission: 'write', params } as const
const done = z.object({})

export const getServiceDeployment = route({
  ...read,
  id: 'getServiceDeployment',
  path: `${path}/deployment`,
  summary: 'What the service runs',
  reply: deploymentView,
})
export const updateServiceDeployment = route({
  ...act,
  id: 'updateServiceDeployment',
  path: `${path}/deployment`,
  summary: 'Deploy a build or an image. Turns continuous deployment off',
  body: deploymentSource,
  reply: done,
})

export const getServiceHealthChecks = route({
  ...read,
  id: 'getServiceHealthChecks',
  path: `${path}/health-checks`,
  summary: 'The probes of a service',
  reply: z.object({ healthChecks: z.array(z.looseObject({ type: z.string() })) }),
})
export const updateServiceHealthChecks = route({
  ...act,
  id: 'updateServiceHealthChecks',
  path: `${path}/health-checks`,
  summary: 'Replace the probes of a service',
  body: z.strictObject({ healthChecks }),
  reply: done,
})

export const getServicePorts = route({
  ...read,
  id: 'getServicePorts',
  path: `${path}/ports`,
  summary: 'The ports of a service',
  reply: serviceView.pick({ ports: true }),
})
export const updateServicePorts = route({
  ...act,
  id: 'updateServicePorts',
  path: `${path}/ports`,
  summary: 'Replace the ports. Public names change without a restart',
  body: z.strictObject({ ports }),
  reply: done,
})

export const restartService = route({
  ...act,
  id: 'restartService',
  path: `${path}/restart`,
  summary: 'Replace the instances by new ones of the same version',
  reply: done,
})
export const scaleService = route({
  ...act,
  id: 'scaleService',
  path: `${path}/scale`,
  summary: 'Change the number of instances or their size',
  body: z.strictObject({
    instances: z.int().min(0).max(100).optional(),
    deploymentPlan: billing.shape.deploymentPlan,
    storage: storage.optional(),
    gracePeriodSeconds: z.int().min(0).max(600).optional(),
  }),
  reply: done,
})
export const pauseService = route({
  ...act,
  id: 'pauseService',
  path: `${path}/pause`,
  summary: 'Stop all instances and turn CI and CD off',
  reply: done,
})
export const resumeService = route({
  ...act,
  id: 'resumeService',
  path: `${path}/resume`,
  summary: 'Start the instances again',
  body: z.strictObject({
    instances: z.int().min(0).max(100).optional(),
    disabledCI: z.boolean().optional(),
    disabledCD: z.boolean().optional(),
  }),
  reply: done,
})

export const updateServiceBuildOptions = route({
  ...act,
  id: 'updateServiceBuildOptions',
  path: `${path}/build-options`,
  summary: 'Change how and when the service is built',
  body: z.strictObject({
    ...buildConfiguration.shape,
    dockerfile: buildSettings.shape.dockerfile,
    buildpack: buildSettings.shape.buildpack,
  }),
  reply: done,
})
export const updateServiceBuildSource = route({
  ...act,
  id: 'updateServiceBuildSource',
  path: `${path}/build-source`,
  summary: 'Change the repository or branch',
  body: vcsData.partial().extend({ projectType: vcsData.shape.projectType.unwrap().optional() }),
  reply: done,
})

export const containerView = z.object({
  name: z.string(),
  status: z.enum([
    'TASK_RUNNING',
    'TASK_STARTING',
    'TASK_STAGING',
    'TASK_KILLING',
    'TASK_KILLED',
    'TASK_FAILED',
    'TASK_FINISHED',
  ]),
  createdAt: z.number(),
  updatedAt: z.number(),
  host: z.string().optional(),
  ipAddresses: z.array(z.string()).optional(),
  ready: z.boolean(),
  routed: z.boolean(),
  draining: z.boolean(),
  state: z.string(),
  restarts: z.number(),
  crashLooping: z.boolean(),
  revision: z.string(),
  addresses: z.record(z.string(), z.object({ host: z.string(), port: z.number() })),
  lastExit: z.unknown().optional(),
  healthChecks: z.record(z.string(), z.unknown()).describe('the last answers, by type'),
})

export const getServiceContainers = route({
  ...read,
  id: 'getServiceContainers',
  path: `${path}/containers`,
  summary: 'The instances of a service, newest first',
  reply: z.object({ containers: z.array(containerView) }),
  paginated: true,
})

const pastDeployment = z.object({
  revision: z.string(),
  number: z.number().describe('counted from 1 for each service'),
  status: z.enum(['pending', 'running', 'completed', 'failed', 'superseded']).nullable(),
  message: z.string().nullable().describe('why it failed'),
  reason: z.enum(['deploy', 'restart', 'config', 'rollback', 'cd']).describe('cd: continuous deployment'),
  createdBy: z.string().nullable(),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
  internal: z
    .object({
      id: z.string().describe('who built it'),
      branch: z.string(),
      buildId: z.string(),
      buildSHA: z.string().nullable(),
      message: z.string().nullable(),
    })
    .optional(),
  external: z.object({ imagePath: z.string() }).optional(),
})

export const listServiceDeployments = route({
  ...read,
  id: 'listServiceDeployments',
  path: `${path}/deployments`,
  summary: 'What was deployed to a service, newest first: by whom, why, and what became of it',
  reply: z.object({ deployments: z.array(pastDeployment) }),
  paginated: true,
})
export type PastDeployment = z.output<typeof pastDeployment>

const sampleView = z.object({
  at: z.string(),
  container: z.string(),
  cpuMillis: z.number(),
  memoryBytes: z.number(),
  restarts: z.number(),
})

export const getServiceMetrics = route({
  ...read,
  id: 'getServiceMetrics',
  path: `${path}/metrics`,
  summary: 'CPU, memory and restarts of each instance',
  query: z.object({
    duration: z.coerce.number().min(1).max(86_400).default(3600).describe('seconds back from now'),
  }),
  reply: z.object({ metrics: z.array(sampleView) }),
})
