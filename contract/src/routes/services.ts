import { z } from 'zod'
import { resourceId } from '../names.ts'
import { patchOf } from '../patch-of.ts'
import { externalSource, imageFollow, internalSource } from '../resources/deployment.ts'
import { healthCheck } from '../resources/health-check.ts'
import { portFields } from '../resources/ports.ts'
import { registryProviders } from '../resources/registry.ts'
import { buildService, combinedService, deploymentService, serviceKinds } from '../resources/service.ts'
import { route } from '../route.ts'
import { clusterView } from './projects.ts'

const tag = 'Services'
const inProject = z.object({ projectId: resourceId })
const params = inProject.extend({ serviceId: resourceId })

const statusView = z.object({
  build: z.object({ status: z.string(), lastTransitionTime: z.string() }).optional(),
  deployment: z
    .object({
      status: z.enum(['PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED']),
      reason: z.enum(['SCALING', 'DEPLOYING']),
      lastTransitionTime: z.string(),
      message: z.string().nullable().describe('why it failed'),
    })
    .optional(),
})

export const serviceListItem = z.object({
  id: z.string(),
  appId: z.string(),
  projectId: z.string(),
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  serviceType: z.enum(serviceKinds),
  disabledCI: z.boolean(),
  disabledCD: z.boolean(),
  servicePaused: z.boolean(),
  deleting: z.boolean(),
  status: statusView,
  createdAt: z.string(),
  updatedAt: z.string(),
})

const portView = portFields.omit({ domains: true }).extend({
  domains: z.array(z.object({ name: z.string(), certificate: z.object({}) })),
})

/** What a deployment runs, in the words of the request, with what was found for it. */
export const sourceView = {
  internal: z
    .object({
      appId: z.string(),
      nfObjectId: z.string(),
      nfObjectType: z.enum(['service', 'job']),
      repository: z.string(),
      branch: z.string(),
      buildId: z.string(),
      buildSHA: z.string(),
      deployedSHA: z.string().optional(),
    })
    .optional(),
  external: z
    .object({
      imagePath: z.string(),
      registryProvider: z.enum(registryProviders),
      privateImage: z.boolean(),
      credentials: z.string().optional(),
      follow: imageFollow.optional(),
    })
    .optional(),
}

export const deploymentView = z.looseObject({
  region: z.string(),
  instances: z.number().optional(),
  releaseFlowControlled: z.boolean().optional(),
  follows: z
    .object({
      builder: z.string().optional().describe('builds of this service, of `branch` or of any'),
      branch: z.string().optional(),
      image: z.string().optional().describe('versions of this image, by `tag` or `semver`'),
      tag: z.string().optional(),
      semver: z.string().optional(),
      pinned: z.boolean().describe('one version is named: newer ones are not taken'),
      buildId: z.string().optional().describe('of the version that is named'),
      buildSHA: z.string().optional().describe('of the version that is named'),
    })
    .optional()
    .describe('what continuous deployment takes when it is on'),
  ...sourceView,
})

export const serviceView = serviceListItem.extend({
  billing: z.looseObject({ deploymentPlan: z.string() }),
  resources: z.object({ cpuMillis: z.number().optional(), memoryMb: z.number().optional() }).optional(),
  buildSource: z.literal('git').optional(),
  vcsData: z.looseObject({ projectUrl: z.string() }).optional(),
  buildSettings: z.looseObject({}).optional(),
  buildConfiguration: z.looseObject({}).optional(),
  buildEngineConfiguration: z.looseObject({}).optional(),
  deployment: deploymentView.optional(),
  ports: z.array(portView),
  healthChecks: z.array(healthCheck),
  cluster: clusterView,
  configVersion: z.number(),
  currentRevision: z.string().nullable().describe('proved by a completed rollout'),
  desiredRevision: z.string().nullable(),
})
export type ServiceView = z.input<typeof serviceView>

export const listServices = route({
  id: 'listServices',
  method: 'GET',
  path: '/projects/{projectId}/services',
  summary: 'List services',
  tag,
  permission: 'read',
  params: inProject,
  reply: z.object({ services: z.array(serviceListItem) }),
  paginated: true,
})

const saving = { tag, permission: 'write', params: inProject, reply: serviceView } as const
const changing = { tag, permission: 'write', params, reply: serviceView } as const

export const createCombined = route({
  ...saving,
  id: 'createCombinedService',
  method: 'POST',
  path: '/projects/{projectId}/services/combined',
  summary: 'Create a service that builds and runs one branch; its first build starts at once',
  body: combinedService,
})
export const putCombined = route({
  ...saving,
  id: 'putCombinedService',
  method: 'PUT',
  path: '/projects/{projectId}/services/combined',
  summary: 'Create a combined service, or replace the one of this name',
  body: combinedService,
})
export const patchCombined = route({
  ...changing,
  id: 'patchCombinedService',
  method: 'PATCH',
  path: '/projects/{projectId}/services/combined/{serviceId}',
  summary: 'Change parts of a combined service',
  body: patchOf(combinedService.omit({ name: true })),
})

export const createBuildService = route({
  ...saving,
  id: 'createBuildService',
  method: 'POST',
  path: '/projects/{projectId}/services/build',
  summary: 'Create a service that builds branches for others to run',
  body: buildService,
})
export const putBuildService = route({
  ...saving,
  id: 'putBuildService',
  method: 'PUT',
  path: '/projects/{projectId}/services/build',
  summary: 'Create a build service, or replace the one of this name',
  body: buildService,
})
export const patchBuildService = route({
  ...changing,
  id: 'patchBuildService',
  method: 'PATCH',
  path: '/projects/{projectId}/services/build/{serviceId}',
  summary: 'Change parts of a build service',
  body: patchOf(buildService.omit({ name: true })),
})

export const createDeployment = route({
  ...saving,
  id: 'createDeploymentService',
  method: 'POST',
  path: '/projects/{projectId}/services/deployment',
  summary: 'Create a service that runs a build or an external image',
  body: deploymentService,
})
export const putDeployment = route({
  ...saving,
  id: 'putDeploymentService',
  method: 'PUT',
  path: '/projects/{projectId}/services/deployment',
  summary: 'Create a deployment service, or replace the one of this name',
  body: deploymentService,
})
export const patchDeployment = route({
  ...changing,
  id: 'patchDeploymentService',
  method: 'PATCH',
  path: '/projects/{projectId}/services/deployment/{serviceId}',
  summary: 'Change parts of a deployment service',
  body: patchOf(deploymentService.omit({ name: true })),
})

export const getService = route({
  id: 'getService',
  method: 'GET',
  path: '/projects/{projectId}/services/{serviceId}',
  summary: 'A service with what it runs and what was observed',
  tag,
  permission: 'read',
  params,
  reply: serviceView,
})

export const deleteService = route({
  id: 'deleteService',
  method: 'DELETE',
  path: '/projects/{projectId}/services/{serviceId}',
  summary: 'Delete a service. It is gone once its instances have stopped',
  tag,
  permission: 'write',
  params,
  query: z.object({ delete_child_objects: z.stringbool().default(false) }),
  reply: z.object({}),
})

export const deploymentSource = z
  .strictObject({
    internal: internalSource.optional(),
    external: externalSource.optional(),
    docker: deploymentService.shape.deployment.unwrap().shape.docker,
    buildpack: deploymentService.shape.deployment.unwrap().shape.buildpack,
  })
  .refine((value) => value.internal === undefined || value.external === undefined, {
    message: 'has either internal or external',
    path: ['external'],
  })
