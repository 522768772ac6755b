import type { RunStatus } from '@fairway/contract/states'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import {
  flowOf,
  listRunsInStatus,
  moveRun,
  ownerOf,
  type ReleaseRunRow,
  type RunOwner,
} from '../../db/release-runs.ts'
import { forgetWaits, wakeRunsWaitingFor } from '../../db/waiters.ts'
import { schedule } from '../../db/work.ts'
import type { StageState } from './stage-state.ts'

export const ACTIVE: readonly RunStatus[] = ['pending', 'running', 'aborting']

export type Conclusion = {
  to: 'success' | 'failure' | 'aborted' | 'skipped'
  message: string | null
  at: Date
  stageAfter?: StageState
}

/** Ends a run: whoever waits for it and the next one in the queue go on. False: it had ended already. */
export async function concludeRun(tx: Tx, run: ReleaseRunRow, conclusion: Conclusion): Promise<boolean> {
  const { to, message, at, stageAfter } = conclusion
  const moved = await moveRun(tx, run.id, {
    to,
    message,
    concludedAt: at,
    ...(stageAfter !== undefined && { stageAfter }),
  })
  if (!moved) return false
  await forgetWaits(tx, run.id)
  await wakeRunsWaitingFor(tx, 'run', run.id)
  // Whoever skips a run puts another one in its place, and may hold what the next one waits for.
  if (to !== 'skipped') await scheduleNextQueued(tx, ownerOf(run))
  await recordRunEvent(tx, run, to, { message })
  return true
}

/** The oldest waiting run looks whether its turn has come. */
async function scheduleNextQueued(tx: Tx, owner: RunOwner): Promise<void> {
  const [next] = await listRunsInStatus(tx, owner, ['queued'])
  if (next !== undefined) await schedule(tx, 'release_run', next.id)
}

export async function recordRunEvent(
  tx: Tx,
  run: Pick<ReleaseRunRow, 'id' | 'project_id' | 'pipeline_id' | 'stage' | 'template_uid' | 'kind' | 'name'>,
  status: RunStatus,
  data: Record<string, unknown> & { actor?: string } = {},
): Promise<void> {
  const { actor, ...rest } = data
  const flow = flowOf(run)
  const place =
    flow === undefined ? { template: run.template_uid } : { pipelineId: flow.pipelineId, stage: flow.stage }
  await recordEvent(tx, {
    ...(run.project_id !== null && { projectId: run.project_id }),
    topic: 'run',
    subject: run.id,
    type: `run.${status}`,
    ...(actor !== undefined && { actor }),
    data: { status, kind: run.kind, name: run.name, ...place, ...rest },
  })
}
