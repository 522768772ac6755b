import { z } from 'zod'
import { MAX_TIMEOUT_SECONDS, nodeRef, settings, timeoutDuration } from './nodes/envelope.ts'
import { rootNode, type WorkflowNode } from './nodes/kinds.ts'
import { pathRule } from './resources/build-settings.ts'
import { gitopsSettings } from './resources/gitops.ts'
import { cronSchedule } from './resources/job.ts'

export const concurrencyPolicies = ['allow', 'queue', 'forbid', 'latest', 'replace'] as const
export type ConcurrencyPolicy = (typeof concurrencyPolicies)[number]

const vcsService = z.enum(['bitbucket', 'gitlab', 'github', 'self-hosted', 'azure'])

const repository = {
  vcsService: vcsService.optional(),
  selfHostedVcsId: z.string().max(200).optional(),
  accountLogin: z.string().max(200).optional(),
  vcsLinkId: z.string().max(200).optional().describe('Old name of accountLogin.'),
  repoUrl: z.string().min(1).max(2000),
}

/** Starts the flow on a push or a pull request. `${refs.<ref>.branch}`, `.sha`, `.repoUrl`, `.pullRequestId`. */
const gitTrigger = z.strictObject({
  kind: z.literal('git').optional(),
  ref: nodeRef.optional(),
  ...repository,
  branchRestrictions: z.array(z.string().max(255)).max(100).optional(),
  prRestrictions: z.array(z.string().max(255)).max(100).optional(),
  pathIgnoreRules: z.array(pathRule).max(500).optional(),
  isAllowList: z.boolean().optional(),
  ciIgnoreFlagsEnabled: z.boolean().optional(),
  ciIgnoreFlags: z.array(z.string().max(72)).max(50).optional(),
  ignoreDrafts: z.boolean().optional(),
})
export type GitTrigger = z.infer<typeof gitTrigger>

/** Ours: starts the flow by the clock, in UTC. A time that passed while no server ran is made up for once. */
const cronTrigger = z.strictObject({
  kind: z.literal('cron'),
  ref: nodeRef.optional(),
  spec: z.strictObject({ cron: cronSchedule }),
})

/** What starts a flow. Without `kind`: a repository. */
export const flowTrigger = z.discriminatedUnion('kind', [gitTrigger, cronTrigger])
export type FlowTrigger = z.infer<typeof flowTrigger>

export const isGitTrigger = (trigger: FlowTrigger): trigger is GitTrigger => trigger.kind !== 'cron'

/** The schedule of a document; it has one at most. */
export function cronOf(document: { triggers?: readonly FlowTrigger[] | undefined }): string | undefined {
  for (const trigger of document.triggers ?? []) if (trigger.kind === 'cron') return trigger.spec.cron
  return undefined
}

const richInput = z.strictObject({
  kind: z.enum(['BranchCommitSelector', 'BuildSelector']),
  spec: z.strictObject({
    title: z.string().max(200).optional(),
    description: z.string().max(1000).optional(),
    required: z.boolean().optional(),
    inputs: z.strictObject({ source: z.string().min(1).max(200) }),
    outputs: z
      .strictObject({
        branch: z.string().max(200).optional(),
        buildSha: z.string().max(200).optional(),
        buildId: z.string().max(200).optional(),
      })
      .describe('The argument that receives each picked value.'),
  }),
})

const options = z.strictObject({
  concurrencyPolicy: z
    .enum(concurrencyPolicies, { error: `must be one of ${concurrencyPolicies.join(', ')}` })
    .optional()
    .describe('What happens to a run while another one is under way. Default allow.'),
  paused: z.boolean().optional().describe('Git, webhook and cron triggers do nothing. Default false.'),
  autorun: z.boolean().optional(),
  runOnCreation: z.boolean().optional(),
  runOnCreationArgumentOverrides: z.record(z.string(), z.json()).optional(),
})

const argumentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,199}$/, 'must be a name of letters, digits, _ and -')

export const flowArguments = z.record(argumentName, z.json())

/** A release flow as people write it and as it is stored. Nothing in it is filled in or reordered. */
export const flowDocument = z
  .strictObject({
    apiVersion: z.enum(['v1', 'v1.1', 'v1.2'], { error: 'must be one of v1, v1.1, v1.2' }),
    $schema: z.string().max(500).optional(),
    name: z.string().max(100).optional(),
    description: z.string().max(200).optional(),
    arguments: flowArguments.optional().describe('Defaults; "" means that a run must give a value.'),
    argumentOverrides: flowArguments.optional(),
    options: options.optional(),
    triggers: z
      .array(flowTrigger)
      .max(50)
      .refine((all) => all.filter(({ kind }) => kind === 'cron').length <= 1, 'may hold one cron trigger')
      .optional(),
    richInputs: z.array(richInput).max(50).optional(),
    gitops: gitopsSettings
      .nullable()
      .optional()
      .describe('The file it is kept the same as; null removes the link, absent leaves it.'),
    project: z.json().optional().describe('Used by templates only; kept as it is.'),
    teardownSpec: z.json().optional().describe('Used by templates only; kept as it is.'),
    settings: settings.optional().describe('How every step is retried that does not say it itself.'),
    timeoutDuration: timeoutDuration(MAX_TIMEOUT_SECONDS)
      .optional()
      .describe('Seconds, for every step that does not say it itself.'),
    spec: rootNode,
  })
  .meta({ id: 'ReleaseFlowDocument' })

export type FlowDocument = Omit<z.infer<typeof flowDocument>, 'spec'> & { spec: WorkflowNode }

/** What a run may be started with. */
export const runRequest = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  description: z.string().max(200).optional(),
  arguments: flowArguments.optional(),
  overrides: z
    .record(z.string(), z.record(z.string(), z.json()))
    .optional()
    .describe('By ref of a trigger or step: fields that replace what the document says.'),
  releaseNodeOverrides: z
    .record(
      z.string(),
      z.strictObject({
        type: z.enum(['build', 'registry']).optional(),
        origin: z.record(z.string(), z.json()),
      }),
    )
    .optional()
    .describe('By id of the target: what its Release step deploys instead.'),
})
export type RunRequest = z.infer<typeof runRequest>
