import { FairwayError } from '@fairway/contract/errors'
import { type ApprovalRow, insertApproval, listApprovals, type Verdict } from '../../db/approvals.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { listReleaseNodes, type ReleaseNodeRow } from '../../db/release-nodes.ts'
import { schedule } from '../../db/work.ts'
import { type RunKey, requireLockedRun } from './get.ts'

export type ApprovalAnswer = {
  /** Which step, by path or ref. Neither: the only one that waits. */
  path?: string | undefined
  ref?: string | undefined
  verdict: Verdict
  comment: string
}

/** Answers an Approval step that waits. 409 when none waits, or when this person has answered already. */
export async function answerApproval(
  tx: Tx,
  key: RunKey,
  { actor, ...answer }: ApprovalAnswer & { actor: string },
): Promise<ApprovalRow[]> {
  const run = await requireLockedRun(tx, key)
  const { path, ref } = chooseStep(await listReleaseNodes(tx, run.id), answer)
  const { verdict, comment } = answer
  if (!(await insertApproval(tx, run.id, { path, actor, verdict, comment }))) {
    throw new FairwayError('conflict', `"${actor}" has answered this approval already. Somebody else must.`)
  }
  await schedule(tx, 'release_run', run.id)
  const event = { projectId: key.projectId, subject: run.id, actor, data: { path, ref, verdict, comment } }
  await recordEvent(tx, { ...event, topic: 'run', type: `approval.${verdict}` })
  await recordEvent(tx, { ...event, topic: 'audit', type: `release-run.${verdict}` })
  return listApprovals(tx, run.id)
}

function chooseStep(nodes: readonly ReleaseNodeRow[], { path, ref }: ApprovalAnswer): ReleaseNodeRow {
  const named = nodes.filter(
    (node) =>
      node.kind === 'Approval' &&
      (path === undefined || node.path === path) &&
      (ref === undefined || node.ref === ref),
  )
  if (named.length === 0) {
    const problem = {
      field: path === undefined ? 'ref' : 'path',
      rule: 'must name an Approval step of this run',
    }
    throw new FairwayError('invalid_request', `${problem.field}: ${problem.rule}.`, { problems: [problem] })
  }
  const waiting = named.filter(({ status }) => status === 'approval_wait')
  const [only] = waiting
  if (only === undefined) {
    throw new FairwayError('invalid_state', 'No such approval waits for an answer now.', {
      data: { steps: named.map((node) => ({ path: node.path, status: node.status })) },
    })
  }
  if (waiting.length === 1) return only
  const paths = waiting.map((node) => node.path).join(', ')
  throw new FairwayError('invalid_request', `path: several approvals wait; name one of ${paths}.`, {
    problems: [{ field: 'path', rule: `must be one of ${paths}` }],
  })
}
