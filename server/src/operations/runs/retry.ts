import { FairwayError } from '@fairway/contract/errors'
import { deleteApprovals } from '../../db/approvals.ts'
import type { Tx } from '../../db/db.ts'
import { lockReleaseFlow } from '../../db/release-flows.ts'
import { listReleaseNodes, type NodeChange, writeReleaseNodes } from '../../db/release-nodes.ts'
import { detachChildRuns, listRunsInStatus, moveRun, type ReleaseRunRow } from '../../db/release-runs.ts'
import { schedule } from '../../db/work.ts'
import type { FlowRules } from '../flows/flow-rules.ts'
import { requireOpenProject } from '../projects/require.ts'
import { ACTIVE, recordRunEvent } from './conclude.ts'
import { type RunKey, requireLockedRun, requireRun } from './get.ts'

/**
 * Goes on with a failed run from the steps that failed; what succeeded or was skipped stays. 409 when the run did not
 * fail, or when another run of the flow is under way and the flow does not allow two at once.
 */
export async function retryRun(
  tx: Tx,
  key: RunKey,
  { actor, rules }: { actor: string; rules: FlowRules },
): Promise<ReleaseRunRow> {
  await requireOpenProject(tx, key.projectId)
  const flow = await lockReleaseFlow(tx, key)
  const run = await requireLockedRun(tx, key)
  if (run.status !== 'failure') {
    throw new FairwayError('invalid_state', `Only a failed run can be retried; this one is ${run.status}.`)
  }
  const [other] = await listRunsInStatus(tx, key, [...ACTIVE, 'queued'])
  const policy = flow?.document.options?.concurrencyPolicy ?? 'allow'
  if (other !== undefined && policy !== 'allow') {
    throw new FairwayError(
      'run_forbidden',
      `Run ${other.id} is ${other.status}, and this flow allows one at a time. Wait for it, or abort it.`,
      { data: { runId: other.id } },
    )
  }
  await reopen(tx, run, rules)
  await recordRunEvent(tx, run, 'running', { retried: true, actor })
  return requireRun(tx, key)
}

async function reopen(tx: Tx, run: ReleaseRunRow, rules: FlowRules): Promise<void> {
  const rows = await listReleaseNodes(tx, run.id)
  const before = new Map(rows.map((row) => [row.path, row.status]))
  const changes = rules
    .resetForRetry(rows)
    .map((row): NodeChange => ({ through: [before.get(row.path) ?? row.status], row }))
  const paths = changes.map(({ row }) => row.path)
  await moveRun(tx, run.id, { to: 'running', message: null, concludedAt: null, abortRequested: false })
  await writeReleaseNodes(tx, run.id, changes)
  await deleteApprovals(tx, run.id, paths)
  await detachChildRuns(tx, run.id, paths)
  await schedule(tx, 'release_run', run.id)
}
