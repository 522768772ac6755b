import { z } from 'zod'
import { branchName, commitSha } from './git.ts'
import { planNames } from './plans.ts'

/** The start command. `customCommand` is split into arguments; it is not run by a shell. */
export const docker = z
  .strictObject({
    configType: z
      .enum(['default', 'customEntrypoint', 'customCommand', 'customEntrypointCustomCommand'])
      .default('default'),
    customEntrypoint: z.string().min(1).max(4000).optional(),
    customCommand: z.string().min(1).max(4000).optional(),
  })
  .superRefine((value, context) => {
    const needs = { customEntrypoint: /customEntrypoint/, customCommand: /customCommand/i }
    for (const field of ['customEntrypoint', 'customCommand'] as const) {
      if (!needs[field].test(value.configType) || value[field] !== undefined) continue
      context.addIssue({ code: 'custom', path: [field], message: `is required for ${value.configType}` })
    }
  })
export type DockerConfig = z.output<typeof docker>

export const buildpackStart = z.strictObject({
  configType: z
    .enum([
      'default',
      'customProcess',
      'customCommand',
      'customEntrypointCustomCommand',
      'originalEntrypointCustomCommand',
    ])
    .default('default'),
  customProcess: z.string().min(1).max(100).optional(),
  customEntrypoint: z.string().min(1).max(4000).optional(),
  customCommand: z.string().min(1).max(4000).optional(),
})

export const storage = z.strictObject({
  useHdbStorage: z.boolean().optional(),
  usePdSsdStorage: z.boolean().optional(),
  ephemeralStorage: z.strictObject({ storageSize: z.int().min(1024).max(512_000).optional() }).optional(),
  shmSize: z.int().min(64).max(143_360).optional(),
})
export type StorageConfig = z.output<typeof storage>

/** A build of a build service (or of the service itself). `buildSHA: latest` follows the branch. */
export const internalSource = z.strictObject({
  id: z
    .string()
    .max(200)
    .regex(/^([a-z][a-z0-9-]*\/)?[a-z][a-z0-9-]*$/, 'must be a service id, or project/service')
    .optional(),
  branch: branchName.optional(),
  buildSHA: z.union([commitSha, z.literal('latest')]).optional(),
  buildId: z.string().min(1).max(100).optional(),
})
export type InternalSource = z.output<typeof internalSource>

/** Ours: which image of the same repository continuous deployment takes from now on. */
export const imageFollow = z
  .strictObject({
    tag: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'must be a tag')
      .optional()
      .describe('whatever this tag points at'),
    semver: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('the highest version in this range among the tags, for instance ^1.2 or >=2.0.0 <3'),
  })
  .refine(
    ({ tag, semver }) => (tag === undefined) !== (semver === undefined),
    'must hold either tag or semver',
  )
export type ImageFollow = z.output<typeof imageFollow>

export const externalSource = z.strictObject({
  imagePath: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[a-z0-9][a-zA-Z0-9._:@/-]*$/, 'must be an image reference, for instance nginx:1.27'),
  credentials: z.string().max(200).optional().describe('id of saved registry credentials'),
  follow: imageFollow.optional(),
})
export type ExternalSource = z.output<typeof externalSource>

const countOrPercent = z.union([
  z.int().min(0).max(100),
  z.string().regex(/^(100|[1-9]?\d)%$/, 'must be a number or a percentage such as 25%'),
])

export const strategy = z
  .strictObject({
    type: z
      .enum(['recreate', 'rollout-steady', 'rollout-balanced', 'rollout-fast', 'custom'])
      .default('rollout-steady'),
    settings: z.strictObject({ maxSurge: countOrPercent, maxUnavailable: countOrPercent }).optional(),
  })
  .superRefine(({ type, settings }, context) => {
    if (type === 'custom' && settings === undefined) {
      context.addIssue({ code: 'custom', path: ['settings'], message: 'is required for custom' })
    }
    if (settings && isZero(settings.maxSurge) && isZero(settings.maxUnavailable)) {
      context.addIssue({
        code: 'custom',
        path: ['settings', 'maxSurge'],
        message: 'and maxUnavailable cannot both be 0',
      })
    }
  })
export type Strategy = z.output<typeof strategy>

const isZero = (value: number | string): boolean => value === 0 || value === '0%'

const off = z.strictObject({ enabled: z.literal(false).optional() }).optional()

/** The fields that services and jobs share. */
export const runShape = {
  buildpack: buildpackStart.optional(),
  docker: docker.optional(),
  storage: storage.optional(),
  gpu: off.describe('not available here'),
  gracePeriodSeconds: z.int().min(0).max(600).default(30).describe('between SIGTERM and SIGKILL'),
  metadata: z
    .strictObject({ labels: z.record(z.string(), z.string()), annotations: z.record(z.string(), z.string()) })
    .partial()
    .optional(),
  internal: internalSource.optional(),
  external: externalSource.optional(),
  releaseFlowControlled: z.boolean().optional().describe('only release flows may deploy'),
}

/** How a service runs. */
export const serviceDeployment = z.strictObject({
  ...runShape,
  type: z.enum(['deployment', 'statefulSet']).default('deployment'),
  instances: z.int().min(0).max(100).default(1),
  strategy: strategy.default({ type: 'rollout-steady' }),
  drainSeconds: z.number().min(0).max(3600).default(30).describe('for requests and sockets under way'),
  minReadySeconds: z.number().min(0).max(600).default(1).describe('to stay ready before it is believed'),
  progressDeadlineSeconds: z.int().min(1).max(3600).default(600),
  zonalRedundancy: z.strictObject({ type: z.literal('disabled').optional() }).optional(),
  gradualRolloutStrategyId: z.null().optional(),
  ssh: off,
})
export type ServiceDeployment = z.output<typeof serviceDeployment>

export const billing = z.strictObject({
  deploymentPlan: z.enum(planNames).optional(),
  buildPlan: z.enum(planNames).optional(),
  gpu: off,
})

/** Ours: limits of one instance without a plan. */
export const resources = z.strictObject({
  cpuMillis: z.int().min(10).max(256_000).optional(),
  memoryMb: z.int().min(16).max(4_194_304).optional(),
})
