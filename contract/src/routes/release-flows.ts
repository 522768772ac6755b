import { z } from 'zod'
import { concurrencyPolicies, runRequest } from '../flow.ts'
import { resourceId } from '../names.ts'
import { stageName, stages } from '../resources/pipeline.ts'
import { route } from '../route.ts'

const tag = 'Release flows'

/** A stage is written in any case. */
export const flowParams = z.object({ projectId: resourceId, pipelineId: resourceId, stage: stageName })
export const flowPath = '/projects/{projectId}/pipelines/{pipelineId}/release-flows/{stage}'

/** The document with what is known about it. */
export const releaseFlowView = z
  .looseObject({
    apiVersion: z.string(),
    arguments: z.record(z.string(), z.unknown()),
    argumentOverrideNames: z.array(z.string()).describe('Their values are sealed'),
    triggers: z.array(z.unknown()),
    options: z.record(z.string(), z.unknown()),
    spec: z.unknown(),
    concurrencyPolicy: z.enum(concurrencyPolicies),
    paused: z.boolean(),
    stage: z.enum(stages),
    version: z.number().describe('Grows with each change of the document'),
    status: z.string().describe('Of the newest run; unknown when there is none'),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: 'ReleaseFlow' })

export const getReleaseFlow = route({
  id: 'getReleaseFlow',
  method: 'GET',
  path: flowPath,
  summary: 'The release flow of a stage',
  tag,
  permission: 'read',
  params: flowParams,
  reply: releaseFlowView,
})

export const updateReleaseFlow = route({
  id: 'updateReleaseFlow',
  method: 'POST',
  path: flowPath,
  summary:
    'Save the release flow of a stage. 400 names everything that is wrong with it, and changes nothing',
  tag,
  permission: 'write',
  params: flowParams,
  // Read by the flow's own parser, which answers with the place and the rule of each problem.
  body: z.record(z.string(), z.unknown()).describe('A release flow document; see the reference of steps'),
  reply: releaseFlowView,
})

const flowVersionItem = z.object({
  version: z.number(),
  current: z.boolean(),
  createdAt: z.string(),
  createdBy: z.string().optional(),
  commit: z.string().optional().describe('Which it was read from, or written by'),
})

export const listFlowVersions = route({
  id: 'listReleaseFlowVersions',
  method: 'GET',
  path: `${flowPath}/versions`,
  summary:
    'What the release flow of a stage said before, newest first. Save an older document to bring it back',
  tag,
  permission: 'read',
  params: flowParams,
  reply: z.object({ versions: z.array(flowVersionItem) }),
  paginated: true,
})

export const getFlowVersion = route({
  id: 'getReleaseFlowVersion',
  method: 'GET',
  path: `${flowPath}/versions/{version}`,
  summary: 'A version of a release flow with its document',
  tag,
  permission: 'read',
  params: flowParams.extend({ version: z.coerce.number().int().min(1).max(2_147_483_647) }),
  reply: flowVersionItem.extend({ document: z.record(z.string(), z.unknown()) }),
})

const versionView = z.object({
  digest: z.string().nullable(),
  buildId: z.string().nullable(),
  sha: z.string().nullable(),
  branch: z.string().nullable(),
  message: z.string().nullable().describe('Of the commit'),
  image: z.string().nullable(),
})

export const planView = z
  .object({
    changes: z.array(
      z.object({
        kind: z.enum(['service', 'job']),
        id: z.string(),
        from: versionView.nullable(),
        to: versionView.nullable(),
        remark: z.string().optional(),
      }),
    ),
    steps: z.array(z.string()),
    warnings: z.array(z.string()),
    irreversible: z.array(z.string()).describe('What nobody can take back afterwards'),
  })
  .meta({ id: 'ReleasePlan' })

const jsonQuery = <T extends z.ZodType>(schema: T, what: string) =>
  z
    .string()
    .max(100_000)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: `must be JSON: ${(error as Error).message}` })
        return z.NEVER
      }
    })
    .pipe(schema)
    .optional()
    .describe(`${what}, as JSON`)

export const planReleaseFlow = route({
  id: 'planReleaseFlow',
  method: 'GET',
  path: `${flowPath}/plan`,
  summary: 'What a run would change if it started now, without running anything',
  tag,
  permission: 'read',
  params: flowParams,
  query: z.object({
    arguments: jsonQuery(runRequest.shape.arguments.unwrap(), 'Arguments'),
    overrides: jsonQuery(runRequest.shape.overrides.unwrap(), 'Overrides by ref'),
    releaseNodeOverrides: jsonQuery(runRequest.shape.releaseNodeOverrides.unwrap(), 'Overrides by target'),
  }),
  reply: planView,
})

const holdView = z.object({
  targetType: z.enum(['service', 'job']),
  targetId: z.string(),
  digest: z.string(),
  reason: z.string(),
  runId: z.string().nullable(),
  createdBy: z.string().nullable(),
  createdAt: z.string(),
})

export const listHolds = route({
  id: 'listHolds',
  method: 'GET',
  path: '/projects/{projectId}/holds',
  summary: 'Versions that were rolled back and that no automatic trigger may deploy again',
  tag,
  permission: 'read',
  params: z.object({ projectId: resourceId }),
  reply: z.object({ holds: z.array(holdView) }),
  paginated: true,
})

export const liftHold = route({
  id: 'liftHold',
  method: 'DELETE',
  path: '/projects/{projectId}/holds/{targetType}/{targetId}/{digest}',
  summary: 'Let automatic triggers deploy this version again',
  tag,
  permission: 'write',
  params: z.object({
    projectId: resourceId,
    targetType: z.enum(['service', 'job']),
    targetId: resourceId,
    digest: z.string().min(1).max(500),
  }),
  reply: z.object({}),
})

const webhookPath = `${flowPath}/webhook`
const webhookView = {
  createdBy: z.string().nullable(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
}

export const getFlowWebhook = route({
  id: 'getReleaseFlowWebhook',
  method: 'GET',
  path: webhookPath,
  summary:
    'Whether the flow can be started by a secret address. The token itself is shown once, when it is made',
  tag,
  permission: 'read',
  params: flowParams,
  reply: z.object({ enabled: z.boolean(), ...z.object(webhookView).partial().shape }),
})

export const issueFlowWebhook = route({
  id: 'issueReleaseFlowWebhook',
  method: 'POST',
  path: webhookPath,
  summary:
    'Make the secret address by which GET or POST starts the flow. The one before stops to work at once',
  tag,
  permission: 'write',
  params: flowParams,
  reply: z.object({
    token: z.string().describe('shown here and never again'),
    path: z.string().describe('below the address of the API'),
  }),
})

export const revokeFlowWebhook = route({
  id: 'revokeReleaseFlowWebhook',
  method: 'DELETE',
  path: webhookPath,
  summary: 'Remove the secret address of the flow',
  tag,
  permission: 'write',
  params: flowParams,
  reply: z.object({}),
})
