import type { ApprovalSpec } from '@fairway/contract/nodes/approval'
import { listApprovals } from '../../db/approvals.ts'
import { done, failed, waiting } from '../model.ts'
import { defineNode } from '../node.ts'

/** Answers wake the run; this is for the deadline and for a wake-up that was missed. */
const LOOK_AGAIN_MS = 30_000

/** Waits until `amount` different people have approved. One rejection fails it. */
export const approvalNode = defineNode<ApprovalSpec, unknown>({
  kind: 'Approval',
  async step(tx, { run, path, spec }) {
    const answers = await listApprovals(tx, run.id, path)
    const rejection = answers.find(({ verdict }) => verdict === 'rejected')
    if (rejection !== undefined) {
      const why = rejection.comment === '' ? '' : `: ${rejection.comment}`
      return failed('rejected', `"${rejection.actor}" rejected it${why}`)
    }
    const approvals = answers.map(({ actor, comment, at }) => ({ actor, comment, at: at.toISOString() }))
    if (approvals.length >= Number(spec.amount)) return done({ approvals })
    return waiting({ wakeAfterMs: LOOK_AGAIN_MS, as: 'approval_wait' })
  },
})
