import { parseTemplateId, type RunTemplateSpec } from '@fairway/contract/nodes/run-template'
import type { Stage } from '@fairway/contract/resources/pipeline'
import type { Tx } from '../../db/db.ts'
import { findChildRun, findRun } from '../../db/release-runs.ts'
import { waitFor } from '../../db/waiters.ts'
import { askAbort } from '../../operations/runs/ask-abort.ts'
import { startRun } from '../../operations/runs/start.ts'
import { done, failed, type NodeResult, waiting } from '../model.ts'
import { defineNode, ended, type NodeDeps, POLL_MS, type StepContext } from '../node.ts'

type State = { childId: string }
type Context = StepContext<RunTemplateSpec, State>

/** Starts the release flow of another stage or pipeline; with its condition, until that run has succeeded. */
export const runTemplateNode = defineNode<RunTemplateSpec, State>({
  kind: 'RunTemplate',
  step: (tx, context, deps) => (context.state === null ? start(tx, context, deps) : look(tx, context)),
  async cancel(tx, { run, path, now }) {
    const child = await findChildRun(tx, run.id, path)
    const row = child === undefined ? undefined : await findRun(tx, child.id)
    if (row === undefined || row.concluded_at !== null) return ended
    if (!row.abort_requested)
      await askAbort(tx, row, { at: now, reason: 'The run that started it was aborted.' })
    return { is: 'ending', wakeAfterMs: POLL_MS }
  },
})

async function start(tx: Tx, context: Context, deps: NodeDeps): Promise<NodeResult> {
  const { run, path, spec, waits } = context
  const self = { projectId: run.project_id, pipelineId: run.pipeline_id ?? '', stage: run.stage ?? '' }
  const address = parseTemplateId(spec.templateId, self)
  if (spec.templateType !== 'release-flow-template' || address === undefined)
    return failed(
      'not_supported',
      'Only release flows of this project can be run: name one as pipeline:Stage.',
    )
  if (address.projectId !== self.projectId)
    return failed('forbidden', 'Only release flows of the same project can be run.')
  const variables = spec.arguments?.variables ?? []
  const child = await startRun(
    tx,
    {
      key: { ...address, stage: address.stage as Stage },
      body: { arguments: Object.fromEntries(variables.map(({ key, value }) => [key, value])) },
      actor: run.created_by,
      trigger: run.trigger === 'automatic' ? 'automatic' : 'template',
      parent: { runId: run.id, path, depth: run.depth + 1 },
    },
    deps,
  )
  if (!waits) return done({ id: child.id, status: child.status })
  await waitFor(tx, run.id, 'run', child.id)
  return waiting({ wakeAfterMs: POLL_MS, state: { childId: child.id } })
}

async function look(tx: Tx, { run, path }: Context): Promise<NodeResult> {
  const child = await findChildRun(tx, run.id, path)
  if (child === undefined) return failed('not_found', 'The run that this step started is not kept any more.')
  const { id, status, message } = child
  if (status === 'success') return done({ id, status })
  if (status === 'failure' || status === 'aborted' || status === 'skipped')
    return failed(`run_${status}`, `Run ${id} ended as ${status}${message === null ? '' : `: ${message}`}`)
  return waiting({ wakeAfterMs: POLL_MS })
}
