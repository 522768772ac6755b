import { z } from 'zod'
import { description, nameOf } from '../names.ts'
import {
  type BuildConfiguration,
  type BuildSettings,
  buildConfiguration,
  buildSettings,
} from './build-settings.ts'
import { billing, resources, type ServiceDeployment, serviceDeployment } from './deployment.ts'
import { type VcsData, vcsData, vcsDataWithBranch } from './git.ts'
import { type HealthCheck, healthChecks } from './health-check.ts'
import type { PlanName } from './plans.ts'
import { type Port, ports } from './ports.ts'
import { dockerSecretMounts, secretFiles, variables } from './secret-group.ts'
import type { ProcessLimits } from './shapes.ts'

export const serviceKinds = ['combined', 'build', 'deployment'] as const
export type ServiceKind = (typeof serviceKinds)[number]

const tags = z.array(z.string().min(1).max(100)).max(50).default([])

const common = {
  name: nameOf(3, 54),
  description,
  stageId: z.string().nullable().optional(),
  tags,
  billing: billing.default({}),
  infrastructure: z.strictObject({ architecture: z.enum(['x86', 'arm']).optional() }).optional(),
}

const built = {
  disabledCI: z.boolean().default(false),
  disabledCD: z.boolean().default(false),
  buildSource: z.literal('git').default('git'),
  buildSettings: buildSettings.default({}),
  buildConfiguration: buildConfiguration.default({}),
  buildArguments: variables.optional(),
  buildFiles: secretFiles.optional(),
  dockerSecretMounts: dockerSecretMounts.optional(),
}

const run = {
  resources: resources.optional(),
  ports: ports.default([]),
  healthChecks: healthChecks.default([]),
  runtimeEnvironment: variables.optional(),
  runtimeFiles: secretFiles.optional(),
  createOptions: z
    .strictObject({
      volumesToAttach: z.array(z.string()).max(20).optional(),
    })
    .optional(),
}

const oneSource = {
  message: 'has either internal or external',
  path: ['external'],
}

/** Builds and runs one branch. */
export const combinedService = z.strictObject({
  ...common,
  ...built,
  ...run,
  vcsData: vcsDataWithBranch,
  deployment: serviceDeployment.omit({ internal: true, external: true }).prefault({}),
})
export type CombinedService = z.output<typeof combinedService>

/** Builds branches; other services and jobs run the builds. */
export const buildService = z.strictObject({ ...common, ...built, vcsData })
export type BuildService = z.output<typeof buildService>

/** Runs a build of a build service, or an external image. */
export const deploymentService = z.strictObject({
  ...common,
  ...run,
  disabledCD: z.boolean().default(false),
  deployment: serviceDeployment
    .refine((value) => value.internal === undefined || value.external === undefined, oneSource)
    .prefault({}),
})
export type DeploymentService = z.output<typeof deploymentService>

/** The body of create and put, by kind. */
export const serviceBodies = {
  combined: combinedService,
  build: buildService,
  deployment: deploymentService,
} as const
export type ServiceBody = CombinedService | BuildService | DeploymentService

/**
 * What is stored of a service, whatever its kind: the body, normalised, without name, description, tags and values.
 * The number of instances lives in the row (`instances`); `deployment.instances` is what was last asked for.
 */
export type ServiceSpec = {
  billing: { deploymentPlan?: PlanName | undefined; buildPlan?: PlanName | undefined }
  resources?: ProcessLimits | undefined
  vcsData?: VcsData | undefined
  buildSettings?: BuildSettings | undefined
  buildConfiguration?: BuildConfiguration | undefined
  deployment?: ServiceDeployment | undefined
  ports?: Port[] | undefined
  healthChecks?: HealthCheck[] | undefined
  infrastructure?: { architecture?: 'x86' | 'arm' | undefined } | undefined
}
