import type { JobRunSpec } from '@fairway/contract/nodes/job-run'
import { readAwaitedJobRun } from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { waitFor } from '../../db/waiters.ts'
import { present } from '../../lib/assert.ts'
import { abortJobRun } from '../../operations/jobs/abort-run.ts'
import { runJob } from '../../operations/jobs/run.ts'
import type { JobRunOverrides } from '../../operations/jobs/run-overrides.ts'
import type { KnownImages } from '../../operations/registries/external-image.ts'
import { done, type NodeResult, waiting } from '../model.ts'
import { defineNode, ended, type NodeDeps, POLL_MS, type StepContext, type StepResult } from '../node.ts'
import { concluded, missing } from './concluded.ts'

type Started = { runId: string; runName: string }
/** Empty while a registry is asked. */
type State = Started | Record<never, never>
type Context = StepContext<JobRunSpec, State>

/** Runs a job; with its condition, until the run has succeeded. */
export const jobRunNode = defineNode<JobRunSpec, State>({
  kind: 'JobRun',
  step: (tx, context, deps) => {
    const { state } = context
    return state !== null && 'runId' in state ? look(tx, state, deps.mask) : begin(tx, context, deps)
  },
  /** Which image a reference points at. */
  act: ({ run, spec }, { lookUpImage }, signal) =>
    lookUpImage(
      { projectId: run.project_id, external: present(spec.deployment?.external, 'an image') },
      signal,
    ),
  async cancel(tx, { run, spec, state }) {
    if (state === null || !('runId' in state)) return ended
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

/** An image is asked for first, outside of the transaction that runs it. */
async function begin(tx: Tx, context: Context, deps: NodeDeps): Promise<StepResult> {
  const { run, spec, acted } = context
  const external = spec.deployment?.external
  if (external === undefined) return start(tx, context, deps)
  if (acted?.is !== 'answer') return { is: 'act', state: {} }
  return start(tx, context, deps, [{ projectId: run.project_id, external, digest: String(acted.value) }])
}

async function start(
  tx: Tx,
  { run, spec, waits }: Context,
  { sealer }: NodeDeps,
  images?: KnownImages,
): Promise<NodeResult> {
  const { jobId, runtimeEnvironment, runtimeFiles, billing, deployment } = spec
  const request = {
    projectId: run.project_id,
    jobId,
    overrides: { runtimeEnvironment, runtimeFiles, billing, deployment } as JobRunOverrides,
    trigger: 'release-flow',
    actor: run.created_by ?? 'release flow',
    ...(images && { images }),
  } as const
  const { runId, runName } = await runJob(tx, request, sealer)
  if (!waits) return done({ id: runId, runName })
  await waitFor(tx, run.id, 'job-run', runId)
  return waiting({ wakeAfterMs: POLL_MS, state: { runId, runName } })
}

/** A failed run's error says with which exit code it ended and what it wrote last. */
async function look(
  tx: Tx,
  { runId, runName }: Started,
  mask: (text: string) => string,
): Promise<NodeResult> {
  const jobRun = await readAwaitedJobRun(tx, runId)
  if (jobRun === undefined) return missing('job run', runId)
  const end = concluded('job run', jobRun, { id: runId, runName })
  if (end?.is === 'failed') return { ...end, error: { ...end.error, message: mask(end.error.message) } }
  return end ?? waiting({ wakeAfterMs: POLL_MS })
}
