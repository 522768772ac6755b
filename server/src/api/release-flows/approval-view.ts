import type { ApprovalRow } from '../../db/approvals.ts'

export const approvalView = ({ path, actor, verdict, comment, at }: ApprovalRow) => ({
  path,
  actor,
  verdict,
  comment,
  at: at.toISOString(),
})
