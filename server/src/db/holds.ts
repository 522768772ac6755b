import type { Db, Tx } from './db.ts'
import type { TargetKind, TargetRef } from './stage-state.ts'

export type HoldRow = {
  target_kind: TargetKind
  target_id: string
  artifact_digest: string
  run_id: string | null
  reason: string
  created_by: string | null
  created_at: Date
}

const columns = [
  'target_kind',
  'target_id',
  'artifact_digest',
  'run_id',
  'reason',
  'created_by',
  'created_at',
] as const

export async function listHolds(db: Db, projectId: string): Promise<HoldRow[]> {
  const rows = await db
    .selectFrom('hold')
    .select(columns)
    .where('project_id', '=', projectId)
    .orderBy('created_at', 'desc')
    .execute()
  return rows as HoldRow[]
}

type HoldKey = { projectId: string; target: TargetRef; digest: string }

/** The hold that keeps automatic triggers from deploying this artifact to this target, if there is one. */
export async function findHold(db: Db, { projectId, target, digest }: HoldKey): Promise<HoldRow | undefined> {
  const row = await db
    .selectFrom('hold')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('target_kind', '=', target.kind)
    .where('target_id', '=', target.id)
    .where('artifact_digest', '=', digest)
    .executeTakeFirst()
  return row as HoldRow | undefined
}

/** A hold that is there already stays as it is. */
export async function insertHold(
  tx: Tx,
  { projectId, target, digest }: HoldKey,
  hold: { runId: string; reason: string; actor: string },
): Promise<void> {
  await tx
    .insertInto('hold')
    .values({
      project_id: projectId,
      target_kind: target.kind,
      target_id: target.id,
      artifact_digest: digest,
      run_id: hold.runId,
      reason: hold.reason,
      created_by: hold.actor,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** False: there was none. */
export async function deleteHold(tx: Tx, { projectId, target, digest }: HoldKey): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('hold')
    .where('project_id', '=', projectId)
    .where('target_kind', '=', target.kind)
    .where('target_id', '=', target.id)
    .where('artifact_digest', '=', digest)
    .executeTakeFirst()
  return numDeletedRows === 1n
}
