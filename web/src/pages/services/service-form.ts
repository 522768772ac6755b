import {
  patchBuildService,
  patchCombined,
  patchDeployment,
  type ServiceView,
} from '@fairway/contract/routes/services'
import type { z } from 'zod'

/** What may be changed of a service; each kind takes its part of it. */
export type ServicePatch = z.output<NonNullable<typeof patchCombined.body>>

/** The parts of the settings form take these. */
export type ServicePartProps = {
  service: ServiceView
  /** What is saved now: what was set once can be changed, but not taken away. */
  saved: ServicePatch
  value: ServicePatch
  set(change: ServicePatch): void
  problem(field: string): string | undefined
}

export const patchRoutes = {
  combined: patchCombined,
  build: patchBuildService,
  deployment: patchDeployment,
} as const

/** What may be sent is what may be written. */
export const patchSchemaOf = ({ serviceType }: ServiceView): z.ZodType<ServicePatch, ServicePatch> =>
  patchRoutes[serviceType].body as unknown as z.ZodType<ServicePatch, ServicePatch>

export const SERVICE_FIELDS = [
  'description',
  'vcsData.projectUrl',
  'vcsData.projectBranch',
  'billing.deploymentPlan',
  'billing.buildPlan',
  'resources.cpuMillis',
  'resources.memoryMb',
  'deployment.instances',
  'deployment.docker.customEntrypoint',
  'deployment.docker.customCommand',
  'deployment.strategy.settings',
  'deployment.strategy.settings.maxSurge',
  'deployment.strategy.settings.maxUnavailable',
  'deployment.storage.shmSize',
  'deployment.storage.ephemeralStorage.storageSize',
  'deployment.gracePeriodSeconds',
  'deployment.drainSeconds',
  'deployment.minReadySeconds',
  'deployment.progressDeadlineSeconds',
  'buildSettings.dockerfile.dockerFilePath',
  'buildSettings.dockerfile.dockerWorkDir',
  'buildSettings.buildpack.buildContext',
  'buildSettings.buildpack.builder',
  'buildConfiguration.dockerfileTarget',
  'buildConfiguration.dockerCredentials',
  'buildConfiguration.branchRestrictions',
  'buildConfiguration.prRestrictions',
  'buildConfiguration.pathIgnoreRules',
] as const

type Deployment = NonNullable<ServicePatch['deployment']>

/** What is saved of a service, as the body that would save it. Pure. */
export function savedOf(service: ServiceView): ServicePatch {
  return {
    description: service.description,
    billing: billingOf(service),
    ...(service.serviceType !== 'build' && {
      resources: service.resources ?? {},
      deployment: deploymentOf(service),
    }),
    ...(service.serviceType !== 'deployment' && {
      vcsData: vcsOf(service),
      buildSettings: (service.buildSettings ?? {}) as NonNullable<ServicePatch['buildSettings']>,
      buildConfiguration: (service.buildConfiguration ?? {}) as NonNullable<
        ServicePatch['buildConfiguration']
      >,
    }),
  } as ServicePatch
}

/** No plan is shown as an empty text. */
function billingOf({ billing }: ServiceView): NonNullable<ServicePatch['billing']> {
  const { deploymentPlan, buildPlan } = billing as { deploymentPlan?: string; buildPlan?: string }
  return {
    ...(deploymentPlan && { deploymentPlan }),
    ...(buildPlan && { buildPlan }),
  } as NonNullable<ServicePatch['billing']>
}

function deploymentOf({ deployment }: ServiceView): Deployment {
  const known = (deployment ?? {}) as Deployment
  const { instances, docker, storage, strategy } = known
  const { gracePeriodSeconds, drainSeconds, minReadySeconds, progressDeadlineSeconds } = known
  return {
    instances,
    docker,
    storage,
    strategy,
    gracePeriodSeconds,
    drainSeconds,
    minReadySeconds,
    progressDeadlineSeconds,
  }
}

/** The view shows paths of the build beside it. */
function vcsOf({ vcsData }: ServiceView): NonNullable<ServicePatch['vcsData']> {
  const { projectUrl, projectBranch } = (vcsData ?? {}) as { projectUrl?: string; projectBranch?: string }
  return { projectUrl, ...(projectBranch !== undefined && { projectBranch }) }
}
