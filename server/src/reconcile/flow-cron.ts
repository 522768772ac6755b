import { FairwayError } from '@fairway/contract/errors'
import { cronOf } from '@fairway/contract/flow'
import type { Stage } from '@fairway/contract/resources/pipeline'
import type { Db, Tx } from '../db/db.ts'
import { findFlowCron, lockIdleFlow, putFlowCron } from '../db/flow-cron.ts'
import { type FlowKey, findReleaseFlow } from '../db/release-flows.ts'
import { withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import type { CrashPoints } from '../lib/crash-point.ts'
import { type RunDeps, startRun } from '../operations/runs/start.ts'
import { flowName } from '../operations/triggers/flow-name.ts'
import { recordTrigger, type TriggerRecord } from '../operations/triggers/record.ts'
import { type CronStep, planCron } from './cron-plan.ts'

export const flowCronCrashPoints = ['flow-cron.before-commit', 'flow-cron.after-commit'] as const

export type FlowCronDeps = RunDeps & { db: Db; crash: CrashPoints }

const ACTOR = 'schedule'
const RESTS = { wakeAfterMs: null }
/** Somebody is changing the flow: those who do lock it before they ask for this work. */
const BUSY = { wakeAfterMs: 100 }

/**
 * Starts a flow when its schedule is due. A run and the next time are committed together, so a tick is taken once
 * however many servers look; ticks that passed while none ran are made up for by one run. Key: `project/pipeline/Stage`.
 */
export function createFlowCronHandler(deps: FlowCronDeps): WorkHandler {
  return async (item) => {
    const [projectId = '', pipelineId = '', stage = ''] = item.key.split('/')
    const key: FlowKey = { projectId, pipelineId, stage: stage as Stage }
    if ((await findReleaseFlow(deps.db, key)) === undefined) return RESTS
    const woken = await withLease(deps.db, item, async (tx) => {
      const flow = await lockIdleFlow(tx, key)
      if (flow === undefined) return BUSY
      const settled = await look(deps, tx, key, flow.document)
      deps.crash.hit('flow-cron.before-commit')
      return settled
    })
    deps.crash.hit('flow-cron.after-commit')
    return woken
  }
}

type Document = NonNullable<Awaited<ReturnType<typeof lockIdleFlow>>>['document']

async function look(deps: FlowCronDeps, tx: Tx, key: FlowKey, document: Document) {
  const now = deps.clock.now()
  const schedule = cronOf(document)
  const known = await findFlowCron(tx, key)
  // Another schedule than the one that the time was computed for begins anew.
  const nextAt = known !== undefined && known.schedule === schedule ? known.next_at : null
  const step = planCron({ schedule, nextAt }, now)
  if (step.do === 'tick' || step.do === 'missed')
    await tick(deps, tx, { key, step, isPaused: document.options?.paused === true })
  if (step.do === 'off' || schedule === undefined) {
    await putFlowCron(tx, key, undefined)
    return RESTS
  }
  await putFlowCron(tx, key, { schedule, next_at: step.next })
  return { wakeAfterMs: Math.max(step.next.getTime() - now.getTime(), 0) }
}

type Tick = { key: FlowKey; step: Extract<CronStep, { at: Date }>; isPaused: boolean }

async function tick(deps: FlowCronDeps, tx: Tx, { key, step, isPaused }: Tick): Promise<void> {
  const record = (outcome: TriggerRecord['outcome'], sentence: string) =>
    recordTrigger(tx, {
      source: 'cron',
      projectId: key.projectId,
      target: { kind: 'release-flow', id: flowName(key) },
      outcome,
      sentence,
      actor: ACTOR,
    })
  if (isPaused) {
    await record({ rule: 'paused' }, 'The schedule was due; the triggers of this flow are paused.')
    return
  }
  try {
    const { id } = await startRun(tx, { key, body: {}, actor: ACTOR, trigger: 'automatic' }, deps)
    await record({ started: { kind: 'release-run', id } }, sentenceOf(step))
  } catch (error) {
    // Raised before anything was written.
    if (!(error instanceof FairwayError)) throw error
    await record({ rule: error.code === 'run_forbidden' ? 'concurrency' : 'cannot-start' }, error.message)
  }
}

const sentenceOf = ({ do: what, at }: Tick['step']): string =>
  what === 'tick'
    ? 'The schedule was due.'
    : `The schedule was due at ${at.toISOString()}, when no server ran. One run makes up for it.`
