import type { Db, Tx } from './db.ts'

export type Verdict = 'approved' | 'rejected'
export type ApprovalRow = { path: string; actor: string; verdict: Verdict; comment: string; at: Date }

export async function listApprovals(db: Db, runId: string, path?: string): Promise<ApprovalRow[]> {
  let query = db
    .selectFrom('approval')
    .select(['path', 'actor', 'verdict', 'comment', 'at'])
    .where('run_id', '=', runId)
  if (path !== undefined) query = query.where('path', '=', path)
  return (await query.orderBy('at').orderBy('actor').execute()) as ApprovalRow[]
}

/** False: this person has answered already. */
export async function insertApproval(
  tx: Tx,
  runId: string,
  answer: Omit<ApprovalRow, 'at'>,
): Promise<boolean> {
  const row = await tx
    .insertInto('approval')
    .values({ run_id: runId, ...answer })
    .onConflict((conflict) => conflict.columns(['run_id', 'path', 'actor']).doNothing())
    .returning('actor')
    .executeTakeFirst()
  return row !== undefined
}

/** A step that is retried is asked afresh. */
export async function deleteApprovals(tx: Tx, runId: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  await tx.deleteFrom('approval').where('run_id', '=', runId).where('path', 'in', paths).execute()
}
