import { z } from 'zod'
import { resourceId } from '../names.ts'
import { gitEvent, refusalRules, triggerSources, watcherKinds } from '../resources/trigger-event.ts'
import { route } from '../route.ts'

const tag = 'Triggers'
const inProject = z.object({ projectId: resourceId })
const one = z.object({ projectId: resourceId, triggerId: z.uuid() })

export const triggerVerdictView = z.object({
  projectId: z.string(),
  kind: z.enum(watcherKinds),
  id: z.string(),
  started: z.boolean(),
  sentence: z.string(),
  rule: z.enum(refusalRules).optional().describe('what decided against a start'),
  text: z.string().optional().describe('the pattern, path rule or flag as it was written'),
  file: z.string().optional(),
  commit: z.string().optional(),
  startedKind: z.enum(['build', 'job-run', 'release-run', 'deployment', 'gitops', 'flow-version']).optional(),
  startedId: z.string().optional(),
  superseded: z.array(z.string()).describe('builds that waited and gave way to this one'),
})

export const triggerView = z.object({
  id: z.string(),
  source: z.enum(triggerSources),
  status: z.enum(['pending', 'judged', 'refused', 'failed']),
  sentence: z.string().nullable().describe('what became of it as a whole'),
  event: gitEvent.omit({ commits: true }).nullable(),
  actor: z.string().nullable(),
  replayOf: z.string().nullable(),
  receivedAt: z.string(),
  judgedAt: z.string().nullable(),
  verdicts: z.array(triggerVerdictView),
})
export type TriggerView = z.input<typeof triggerView>

const filters = z.object({
  verdict: z.enum(['started', 'refused']).optional().describe('with a verdict of this kind'),
  service: resourceId.optional(),
  job: resourceId.optional(),
  releaseFlow: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]*\/(Development|Staging|Production)$/,
      'must be pipeline/Stage, such as shop/Production',
    )
    .optional(),
  source: z.enum(triggerSources).optional(),
})

export const listTriggers = route({
  id: 'listTriggers',
  method: 'GET',
  path: '/projects/{projectId}/triggers',
  summary: 'What might have started something here, newest first, and why it did or did not',
  tag,
  permission: 'read',
  params: inProject,
  query: filters,
  reply: z.object({ triggers: z.array(triggerView) }),
  paginated: true,
})

export const getTrigger = route({
  id: 'getTrigger',
  method: 'GET',
  path: '/projects/{projectId}/triggers/{triggerId}',
  summary: 'One event with its verdicts for this project',
  tag,
  permission: 'read',
  params: one,
  reply: triggerView.extend({
    event: gitEvent.nullable(),
    headers: z.record(z.string(), z.string()),
    bodyBytes: z.number(),
  }),
})

export const replayTrigger = route({
  id: 'replayTrigger',
  method: 'POST',
  path: '/projects/{projectId}/triggers/{triggerId}/replay',
  summary: 'Judge an event again by the rules of now, for this project',
  tag,
  permission: 'write',
  params: one,
  reply: z.object({ id: z.string() }),
  status: 202,
})

export const replayDelivery = route({
  id: 'replayDelivery',
  method: 'POST',
  path: '/integrations/vcs/{accountId}/deliveries/{triggerId}/replay',
  summary: 'Judge a delivery again by the rules of now, for every project',
  tag: 'Git accounts',
  permission: 'write',
  params: z.object({ accountId: resourceId, triggerId: z.uuid() }),
  reply: z.object({ id: z.string() }),
  status: 202,
})

/** Documented here; served apart from the others, as its proof is a signature over the raw body. */
export const receiveGitWebhook = route({
  id: 'receiveGitWebhook',
  method: 'POST',
  path: '/webhooks/git/{webhookId}',
  summary: 'Where a git host delivers its events, signed with the secret of the webhook; at most 25 MiB',
  tag: 'Git accounts',
  permission: 'none',
  params: z.object({ webhookId: z.string().max(100) }),
  body: z.record(z.string(), z.unknown()),
  reply: z.object({ id: z.string().describe('of the stored event') }),
  status: 202,
})

export const listDeliveries = route({
  id: 'listDeliveries',
  method: 'GET',
  path: '/integrations/vcs/{accountId}/deliveries',
  summary: 'What came in by the webhook of an account, refused deliveries included, newest first',
  tag: 'Git accounts',
  permission: 'read',
  params: z.object({ accountId: resourceId }),
  reply: z.object({ triggers: z.array(triggerView.omit({ verdicts: true })) }),
  paginated: true,
})
