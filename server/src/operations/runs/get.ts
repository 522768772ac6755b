import { notFound } from '@fairway/contract/errors'
import { type ApprovalRow, listApprovals } from '../../db/approvals.ts'
import type { Db, Tx } from '../../db/db.ts'
import type { FlowKey } from '../../db/release-flows.ts'
import { listReleaseNodes, type ReleaseNodeRow } from '../../db/release-nodes.ts'
import { findRun, lockRun, type ReleaseRunRow } from '../../db/release-runs.ts'
import { requireReleaseFlow } from '../flows/get.ts'

export type RunKey = FlowKey & { runId: string }

/** A run of this stage, or `not_found`. */
export async function requireRun(db: Db, key: RunKey): Promise<ReleaseRunRow> {
  return checked(db, key, await findRun(db, key.runId))
}

/** The same, locked for a change. */
export async function requireLockedRun(tx: Tx, key: RunKey): Promise<ReleaseRunRow> {
  return checked(tx, key, await lockRun(tx, key.runId))
}

async function checked(db: Db, key: RunKey, run: ReleaseRunRow | undefined): Promise<ReleaseRunRow> {
  const { projectId, pipelineId, stage } = key
  if (run?.project_id === projectId && run.pipeline_id === pipelineId && run.stage === stage) return run
  await requireReleaseFlow(db, key)
  throw notFound('run', key.runId)
}

export type RunDetails = { run: ReleaseRunRow; nodes: ReleaseNodeRow[]; approvals: ApprovalRow[] }

/** A run with everything that happened in it. */
export async function readRun(db: Db, key: RunKey): Promise<RunDetails> {
  const run = await requireRun(db, key)
  return { run, nodes: await listReleaseNodes(db, run.id), approvals: await listApprovals(db, run.id) }
}
