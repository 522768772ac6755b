import { z } from 'zod'
import { description, nameOf } from '../names.ts'
import {
  type BuildConfiguration,
  type BuildSettings,
  buildConfiguration,
  buildSettings,
} from './build-settings.ts'
import { billing, resources, runShape } from './deployment.ts'
import { type VcsData, vcsDataWithBranch } from './git.ts'
import { type HealthCheck, healthChecks } from './health-check.ts'
import type { PlanName } from './plans.ts'
import { dockerSecretMounts, secretFiles, variables } from './secret-group.ts'
import type { ProcessLimits } from './shapes.ts'

export const jobKinds = ['manual', 'cron'] as const
export type JobKind = (typeof jobKinds)[number]

const MACROS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly']
const CRON_FIELD = /^(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?(,[0-9A-Za-z]+(-[0-9A-Za-z]+)?)*)(\/\d+)?$/

/** Five fields in UTC (0 is Sunday), or a macro. The scheduler checks ranges when the job is saved. */
export const cronSchedule = z
  .string()
  .max(100)
  .refine(
    (text) =>
      MACROS.includes(text) ||
      (text.trim().split(/\s+/).length === 5 &&
        text
          .trim()
          .split(/\s+/)
          .every((field) => CRON_FIELD.test(field))),
    'must have five fields (minute hour day month weekday) or be a macro such as @daily',
  )

export const cronSettings = z.strictObject({
  schedule: cronSchedule,
  concurrencyPolicy: z.enum(['allow', 'forbid', 'replace']).default('allow'),
  suspended: z.boolean().optional(),
})

export const jobSettings = z.strictObject({
  backoffLimit: z.int().min(0).max(100).default(0).describe('retries before the run has failed'),
  runOnSourceChange: z.enum(['never', 'cd-promote', 'always']).default('never'),
  activeDeadlineSeconds: z
    .int()
    .min(1)
    .max(604_800)
    .nullable()
    .optional()
    .transform((value) => value ?? undefined)
    .describe('of the whole run, retries included'),
  cron: cronSettings.optional(),
})
export type JobSettings = z.output<typeof jobSettings>

const sources = ['vcs', 'internal', 'external'] as const

export const jobDeployment = z
  .strictObject({ ...runShape, vcs: vcsDataWithBranch.optional() })
  .refine((value) => sources.filter((source) => value[source] !== undefined).length <= 1, {
    message: 'has one of vcs, internal and external',
    path: ['external'],
  })

const common = {
  name: nameOf(3, 52),
  description,
  stageId: z.string().nullable().optional(),
  infrastructure: z.strictObject({ architecture: z.enum(['x86', 'arm']).optional() }).optional(),
  tags: z.array(z.string().min(1).max(100)).max(50).default([]),
  billing: billing.default({}),
  resources: resources.optional(),
  deployment: jobDeployment.prefault({}),
  disabledCI: z.boolean().default(false),
  disabledCD: z.boolean().default(false),
  buildSettings: buildSettings.default({}),
  buildConfiguration: buildConfiguration.default({}),
  runtimeEnvironment: variables.optional(),
  runtimeFiles: secretFiles.optional(),
  buildArguments: variables.optional(),
  buildFiles: secretFiles.optional(),
  dockerSecretMounts: dockerSecretMounts.optional(),
  healthChecks: healthChecks.default([]),
}

const { cron: _cron, ...flatSettings } = jobSettings.shape

/** Generic create and put; a job with `settings.cron` is a cron job. */
export const jobBody = z.strictObject({ ...common, settings: jobSettings.prefault({}) })
export type JobBody = z.output<typeof jobBody>

/** The typed forms carry the settings at the top. */
export const manualJobBody = z.strictObject({ ...common, ...flatSettings })
export const cronJobBody = z.strictObject({ ...common, ...flatSettings, ...cronSettings.shape })

/** What is stored of a job. `vcsData` is `deployment.vcs` of the body; `suspended` lives in the row. */
export type JobSpec = {
  billing: { deploymentPlan?: PlanName | undefined; buildPlan?: PlanName | undefined }
  resources?: ProcessLimits | undefined
  deployment: Omit<z.output<typeof jobDeployment>, 'vcs'>
  vcsData?: VcsData | undefined
  buildSettings: BuildSettings
  buildConfiguration: BuildConfiguration
  healthChecks: HealthCheck[]
  settings: JobSettings
  infrastructure?: { architecture?: 'x86' | 'arm' | undefined } | undefined
}
