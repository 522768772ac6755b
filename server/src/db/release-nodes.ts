import { canMove, type NodeStatus, nodeMoves } from '@fairway/contract/states'
import { sql } from 'kysely'
import { type Db, type Tx, toJson } from './db.ts'

/** A row a node of a run. The columns in camel case: what the flow engine plans with. */
export type ReleaseNodeRow = {
  path: string
  kind: string
  ref: string | null
  status: NodeStatus
  attempt: number
  input: unknown
  state: unknown
  response: unknown
  error: { code: string; message: string } | null
  startedAt: Date | null
  deadlineAt: Date | null
  nextAttemptAt: Date | null
  endedAt: Date | null
}

export type NewReleaseNode = { path: string; kind: string; ref: string | null; state?: unknown }

export async function listReleaseNodes(db: Db, runId: string): Promise<ReleaseNodeRow[]> {
  const rows = await db
    .selectFrom('release_node')
    .select([
      'path',
      'kind',
      'ref',
      'status',
      'attempt',
      'input',
      'state',
      'response',
      'error',
      'started_at as startedAt',
      'deadline_at as deadlineAt',
      'next_attempt_at as nextAttemptAt',
      'ended_at as endedAt',
    ])
    .where('run_id', '=', runId)
    .execute()
  return rows as ReleaseNodeRow[]
}

/** Inserts nodes in one statement; one that is there stays as it is. */
export async function insertReleaseNodes(
  tx: Tx,
  runId: string,
  nodes: readonly NewReleaseNode[],
): Promise<void> {
  const rows = nodes.map(({ path, kind, ref, state }) => ({ path, kind, ref, state: state ?? null }))
  await sql`
    insert into release_node (run_id, path, kind, ref, state)
    select ${runId}::uuid, n.path, n.kind, n.ref, n.state
      from jsonb_to_recordset(${toJson(rows)}::jsonb) as n(path text, kind text, ref text, state jsonb)
    on conflict do nothing`.execute(tx)
}

/** `through`: the statuses a row went through in this transaction, from the one it has in the database. */
export type NodeChange = { through: readonly [NodeStatus, ...NodeStatus[]]; row: ReleaseNodeRow }

/**
 * The one writer of node rows. Every row must still have the status that was planned with, and each of its moves
 * must be one of `nodeMoves`; otherwise nothing is written.
 */
export async function writeReleaseNodes(
  tx: Tx,
  runId: string,
  changes: readonly NodeChange[],
): Promise<void> {
  if (changes.length === 0) return
  for (const change of changes) checkMoves(runId, change)
  const rows = changes.map(({ through, row }) => ({ from: through[0], ...row }))
  const { numAffectedRows } = await sql`
    update release_node n
       set status = c.status, attempt = c.attempt, input = c.input, state = c.state, response = c.response,
           error = c.error, started_at = c."startedAt", deadline_at = c."deadlineAt",
           next_attempt_at = c."nextAttemptAt", ended_at = c."endedAt"
      from jsonb_to_recordset(${toJson(rows)}::jsonb) as c(path text, "from" text, status text, attempt int,
           input jsonb, state jsonb, response jsonb, error jsonb, "startedAt" timestamptz,
           "deadlineAt" timestamptz, "nextAttemptAt" timestamptz, "endedAt" timestamptz)
     where n.run_id = ${runId} and n.path = c.path and n.status = c."from"`.execute(tx)
  if (numAffectedRows === BigInt(changes.length)) return
  throw new Error(`broken invariant: somebody else wrote the nodes of run ${runId}`)
}

function checkMoves(runId: string, { through, row }: NodeChange): void {
  const moves = [...through, row.status]
  for (const [index, to] of moves.entries()) {
    const from = moves[index - 1] ?? to
    if (from === to || canMove(nodeMoves, from, to)) continue
    throw new Error(`broken invariant: node ${row.path} of run ${runId} moves from ${from} to ${to}`)
  }
}
