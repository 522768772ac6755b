import { z } from 'zod'
import { runRequest } from '../flow.ts'
import { nodeRef } from '../nodes/envelope.ts'
import { rolloutReceipt } from '../resources/receipt.ts'
import { route } from '../route.ts'
import { type RunStatus, runMoves } from '../states.ts'
import { eventView } from './events.ts'
import { flowParams, flowPath, planView } from './release-flows.ts'

const tag = 'Release runs'
const runs = `${flowPath}/runs`
const one = `${runs}/{runId}`

const runParams = flowParams.extend({ runId: z.uuid('must be the id of a run') })

const statuses = Object.keys(runMoves) as [RunStatus, ...RunStatus[]]

const runKinds = ['release', 'rollback'] as const
const runTriggers = ['manual', 'template', 'automatic'] as const

export const runItem = z.object({
  id: z.string(),
  name: z.string().optional(),
  description: z.string().optional(),
  status: z.enum(statuses),
  message: z.string().optional().describe('Why it failed, or was stopped'),
  kind: z.enum(runKinds),
  rollbackOf: z.string().optional().describe('The run whose state a rollback brings back'),
  trigger: z.enum(runTriggers),
  flowVersion: z.number(),
  concluded: z.boolean(),
  createdBy: z.string().optional(),
  startedAt: z.string().optional(),
  concludedAt: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
})
export type RunItem = z.infer<typeof runItem>

/** A run with its whole document; each node carries a `response`. */
export const runView = runItem
  .extend({
    apiVersion: z.string(),
    stage: z.string(),
    argumentNames: z.array(z.string()).describe('Their values are sealed'),
    refs: z.record(z.string(), z.unknown()).describe('What each named step answered'),
    spec: z.unknown(),
    approvals: z.array(z.unknown()),
    stageBefore: z.unknown(),
    stageAfter: z.unknown(),
  })
  .loose()
  .meta({ id: 'ReleaseRun' })

export const listRuns = route({
  id: 'listReleaseFlowRuns',
  method: 'GET',
  path: runs,
  summary: 'The runs of a stage, newest first',
  tag,
  permission: 'read',
  params: flowParams,
  query: z.object({
    status: z.enum(statuses).optional(),
    concluded: z
      .enum(['true', 'false'])
      .transform((value) => value === 'true')
      .optional(),
    kind: z.enum(runKinds).optional(),
    trigger: z.enum(runTriggers).optional(),
  }),
  reply: z.object({ runs: z.array(runItem) }),
  paginated: true,
})

export const startRun = route({
  id: 'runReleaseFlow',
  method: 'POST',
  path: runs,
  summary: 'Run the release flow of a stage',
  tag,
  permission: 'write',
  params: flowParams,
  body: runRequest,
  reply: runView,
})

export const getRun = route({
  id: 'getReleaseFlowRun',
  method: 'GET',
  path: one,
  summary: 'A run: its document with what became of each step',
  tag,
  permission: 'read',
  params: runParams,
  reply: runView,
})

export const getReceipt = route({
  id: 'getReleaseFlowRunReceipt',
  method: 'GET',
  path: `${one}/receipt`,
  summary:
    'What was measured while a run rolled out: requests, errors, latency and gaps as the gateway counted them, and who came and went',
  tag,
  permission: 'read',
  params: runParams,
  reply: z.object({ rollouts: z.array(rolloutReceipt) }),
})

export const abortRun = route({
  id: 'abortReleaseFlowRun',
  method: 'POST',
  path: `${one}/abort`,
  summary: 'Ask a run to stop. It has stopped when its status is aborted',
  tag,
  permission: 'write',
  params: runParams,
  reply: runView,
})

export const retryRun = route({
  id: 'retryReleaseFlowRun',
  method: 'POST',
  path: `${one}/retry`,
  summary: 'Go on with a failed run from the steps that failed',
  tag,
  permission: 'write',
  params: runParams,
  reply: runView,
})

const rollbackOptions = {
  configuration: z.boolean().default(false).describe('Also the configuration of that time'),
  secrets: z.boolean().default(false).describe('Also the secret values of that time'),
  flow: z.boolean().default(false).describe('Also the release flow of that time'),
}

export const rollback = route({
  id: 'rollbackReleaseFlowRun',
  method: 'POST',
  path: `${one}/rollback`,
  summary: 'Bring what a run released back to what it was after that run. Answers the run that does it',
  tag,
  permission: 'write',
  params: runParams,
  body: z.strictObject({
    ...rollbackOptions,
    name: runRequest.shape.name,
    description: runRequest.shape.description,
  }),
  reply: runView,
})

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true')

export const planRollback = route({
  id: 'planRollback',
  method: 'GET',
  path: `${one}/rollback/plan`,
  summary: 'What a rollback to this run would change, what it cannot undo, and the backups taken since',
  tag,
  permission: 'read',
  params: runParams,
  query: z.object({ configuration: flag, secrets: flag, flow: flag }),
  reply: planView.extend({
    backups: z.array(
      z.object({
        id: z.string(),
        addonId: z.string(),
        name: z.string(),
        status: z.string(),
        takenAt: z.string(),
        runId: z.string(),
        message: z.string(),
      }),
    ),
  }),
})

const approvalView = z.object({
  path: z.string(),
  actor: z.string(),
  verdict: z.enum(['approved', 'rejected']),
  comment: z.string(),
  at: z.string(),
})

export const answerApproval = route({
  id: 'answerApproval',
  method: 'POST',
  path: `${one}/approvals`,
  summary: 'Approve or reject a step that waits for people',
  tag,
  permission: 'write',
  params: runParams,
  body: z.strictObject({
    path: z
      .string()
      .max(300)
      .optional()
      .describe('Which step; neither path nor ref: the only one that waits'),
    ref: nodeRef.optional(),
    verdict: z.enum(['approved', 'rejected']),
    comment: z.string().max(1000).default(''),
  }),
  reply: z.object({ approvals: z.array(approvalView) }),
})

export const listApprovals = route({
  id: 'listApprovals',
  method: 'GET',
  path: `${one}/approvals`,
  summary: 'Who approved or rejected what in a run',
  tag,
  permission: 'read',
  params: runParams,
  reply: z.object({ approvals: z.array(approvalView) }),
})

export const streamRun = route({
  id: 'streamReleaseFlowRun',
  method: 'GET',
  path: `${one}/events`,
  summary: 'Follow a run: each change of it and of its steps. Without `after`: from its beginning',
  tag,
  permission: 'read',
  params: runParams,
  query: z.object({
    after: z
      .string()
      .regex(/^((\d{1,19}-)?\d{1,15}|latest)$/, 'must be the id of an event, or latest')
      .optional()
      .describe('`id` of the last event seen; latest: from now on; absent: all of it'),
  }),
  reply: eventView,
  stream: true,
})
