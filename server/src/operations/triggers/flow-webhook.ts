import { createHash, randomBytes } from 'node:crypto'
import { FairwayError } from '@fairway/contract/errors'
import type { RunRequest } from '@fairway/contract/flow'
import { type Db, type Tx, transaction } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import {
  deleteFlowWebhook,
  findFlowOfToken,
  noteFlowWebhookUse,
  putFlowWebhook,
} from '../../db/flow-webhooks.ts'
import { type FlowKey, lockReleaseFlow, type ReleaseFlowRow } from '../../db/release-flows.ts'
import { findDelivery } from '../../db/trigger-events.ts'
import { findTriggerView } from '../../db/trigger-views.ts'
import { requireReleaseFlow } from '../flows/get.ts'
import { type RunDeps, startRun } from '../runs/start.ts'
import { flowName } from './flow-name.ts'
import { recordTrigger, type TriggerRecord } from './record.ts'

const ACTOR = 'webhook'

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Makes the address by which a flow is started, in place of the one before. The token is in this answer only. */
export async function issueFlowWebhook(tx: Tx, key: FlowKey, actor: string): Promise<{ token: string }> {
  await requireReleaseFlow(tx, key)
  const token = randomBytes(32).toString('base64url')
  await putFlowWebhook(tx, key, { tokenHash: hashOf(token), actor })
  await audit(tx, key, { type: 'release-flow.webhook-issued', actor })
  return { token }
}

/** 404 when the flow has no webhook. */
export async function revokeFlowWebhook(tx: Tx, key: FlowKey, actor: string): Promise<void> {
  if (!(await deleteFlowWebhook(tx, key)))
    throw new FairwayError('not_found', 'This release flow has no webhook.')
  await audit(tx, key, { type: 'release-flow.webhook-revoked', actor })
}

const audit = (tx: Tx, key: FlowKey, { type, actor }: { type: string; actor: string }): Promise<void> =>
  recordEvent(tx, {
    projectId: key.projectId,
    topic: 'audit',
    subject: `${key.projectId}/${key.pipelineId}`,
    type,
    actor,
    data: { stage: key.stage },
  })

export type FlowCall = {
  token: string
  /** The caller's own name for this call; the same again answers what the first did. */
  idempotencyKey: string | undefined
  /** How many flows started one another before this call. */
  depth: number
  read(flow: ReleaseFlowRow): RunRequest
}

export type FlowCallAnswer = { id: string; runId: string | null; started: boolean; message: string }

/**
 * A call of a flow's webhook: starts a run, or says why not; both are in the ledger. 404: no such token. Paused triggers
 * answer `started: false`. Other errors are those of starting a run.
 */
export async function callFlowWebhook(db: Db, call: FlowCall, deps: RunDeps): Promise<FlowCallAnswer> {
  const tokenHash = hashOf(call.token)
  const key = await findFlowOfToken(db, tokenHash)
  if (key === undefined) throw new FairwayError('not_found', 'There is nothing here.')
  deps.sealer.announce(call.token)
  try {
    return await transaction(db, async (tx) => {
      await noteFlowWebhookUse(tx, tokenHash)
      return answer(tx, { key, call }, deps)
    })
  } catch (error) {
    // Nothing of the start is left; why it failed is told to the caller and kept.
    if (error instanceof FairwayError && error.status < 500)
      await transaction(db, (tx) => record(tx, key, { call: undefined, ...refusalOf(error) }))
    throw error
  }
}

type Call = { key: FlowKey; call: FlowCall }

async function answer(tx: Tx, { key, call }: Call, deps: RunDeps): Promise<FlowCallAnswer> {
  // Calls of one flow go one after another: the second of the same name finds the first.
  const flow = (await lockReleaseFlow(tx, key)) ?? (await requireReleaseFlow(tx, key))
  const before = await findCall(tx, { key, call })
  if (before !== undefined) return before
  if (flow.document.options?.paused === true) {
    const message = 'The triggers of this flow are paused; nothing was started.'
    const { id } = await record(tx, key, { call, outcome: { rule: 'paused' }, sentence: message })
    return { id, runId: null, started: false, message }
  }
  const body = call.read(flow)
  const run = await startRun(tx, { key, body, actor: ACTOR, trigger: 'automatic', depth: call.depth }, deps)
  const message = 'The webhook was called.'
  const outcome = { started: { kind: 'release-run', id: run.id } } as const
  const { id } = await record(tx, key, { call, outcome, sentence: message })
  return { id, runId: run.id, started: true, message }
}

async function findCall(tx: Tx, { key, call }: Call): Promise<FlowCallAnswer | undefined> {
  if (call.idempotencyKey === undefined) return undefined
  const deliveryId = call.idempotencyKey
  const id = await findDelivery(tx, { webhookId: webhookIdOf(key), deliveryId })
  const view = id === undefined ? undefined : await findTriggerView(tx, { projectId: key.projectId, id })
  const [verdict] = view?.verdicts ?? []
  if (view === undefined || verdict === undefined) return undefined
  return { id: view.id, runId: verdict.started_id, started: verdict.started, message: verdict.sentence }
}

const webhookIdOf = (key: FlowKey): string => `release-flow/${key.projectId}/${flowName(key)}`

const refusalOf = ({ code, message }: FairwayError) =>
  ({
    outcome: { rule: code === 'run_forbidden' ? 'concurrency' : 'cannot-start' },
    sentence: message,
  }) as const

type Recorded = Pick<TriggerRecord, 'outcome' | 'sentence'> & { call: FlowCall | undefined }

const record = (tx: Tx, key: FlowKey, { call, outcome, sentence }: Recorded): Promise<{ id: string }> =>
  recordTrigger(tx, {
    source: 'webhook',
    projectId: key.projectId,
    target: { kind: 'release-flow', id: flowName(key) },
    outcome,
    sentence,
    actor: ACTOR,
    delivery: { webhookId: webhookIdOf(key), id: call?.idempotencyKey, part: 0 },
  })
