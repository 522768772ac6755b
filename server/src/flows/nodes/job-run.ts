import type { JobRunSpec } from '@fairway/contract/nodes/job-run'
import { readAwaitedJobRun } from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { waitFor } from '../../db/waiters.ts'
import { abortJobRun } from '../../operations/jobs/abort-run.ts'
import { runJob } from '../../operations/jobs/run.ts'
import type { JobRunOverrides } from '../../operations/jobs/run-overrides.ts'
import { done, type NodeResult, waiting } from '../model.ts'
import { defineNode, ended, type NodeDeps, POLL_MS, type StepContext } from '../node.ts'
import { concluded, missing } from './concluded.ts'

type State = { runId: string; runName: string }
type Context = StepContext<JobRunSpec, State>

/** Runs a job; with its condition, until the run has succeeded. */
export const jobRunNode = defineNode<JobRunSpec, State>({
  kind: 'JobRun',
  step: (tx, context, deps) =>
    context.state === null ? start(tx, context, deps) : look(tx, context.state, deps.mask),
  async cancel(tx, { run, spec, state }) {
    if (state === null) return ended
    const jobRun = await readAwaitedJobRun(tx, state.runId)
    if (jobRun === undefined || concluded('job run', jobRun) !== undefined) return ended
    if (jobRun.status !== 'ABORTING')
      await abortJobRun(tx, {
        projectId: run.project_id,
        jobId: spec.jobId,
        runId: state.runId,
        actor: run.created_by ?? 'release flow',
      })
    return { is: 'ending', wakeAfterMs: POLL_MS }
  },
})

async function start(tx: Tx, { run, spec, waits }: Context, { sealer }: NodeDeps): Promise<NodeResult> {
  const { jobId, runtimeEnvironment, runtimeFiles, billing, deployment } = spec
  const request = {
    projectId: run.project_id,
    jobId,
    overrides: { runtimeEnvironment, runtimeFiles, billing, deployment } as JobRunOverrides,
    trigger: 'release-flow',
    actor: run.created_by ?? 'release flow',
  } as const
  const { runId, runName } = await runJob(tx, request, sealer)
  if (!waits) return done({ id: runId, runName })
  await waitFor(tx, run.id, 'job-run', runId)
  return waiting({ wakeAfterMs: POLL_MS, state: { runId, runName } })
}

/** A failed run's error says with which exit code it ended and what it wrote last. */
async function look(tx: Tx, { runId, runName }: State, mask: (text: string) => string): Promise<NodeResult> {
  const jobRun = await readAwaitedJobRun(tx, runId)
  if (jobRun === undefined) return missing('job run', runId)
  const end = concluded('job run', jobRun, { id: runId, runName })
  if (end?.is === 'failed') return { ...end, error: { ...end.error, message: mask(end.error.message) } }
  return end ?? waiting({ wakeAfterMs: POLL_MS })
}
