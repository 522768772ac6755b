import type { Tx } from '../db/db.ts'
import { lockReleaseFlow } from '../db/release-flows.ts'
import { insertReleaseNodes } from '../db/release-nodes.ts'
import { keyOf, listRunsInStatus, moveRun, type ReleaseRunRow } from '../db/release-runs.ts'
import { schedule } from '../db/work.ts'
import { ACTIVE, recordRunEvent } from '../operations/runs/conclude.ts'
import { readStageState } from '../operations/runs/stage-state.ts'
import { rowsOf } from './paths.ts'

/** Begins a run that waits, when it is its turn: notes what the stage runs now and makes the rows of its nodes. */
export async function beginRun(tx: Tx, run: ReleaseRunRow, now: Date): Promise<boolean> {
  const key = keyOf(run)
  if (run.status === 'queued') {
    // The lock keeps a new run from being admitted between this look and the move.
    await lockReleaseFlow(tx, key)
    if (!(await isItsTurn(tx, run))) return false
  }
  const stageBefore = await readStageState(tx, key, { id: run.id, flowVersion: run.flow_version })
  if (!(await moveRun(tx, run.id, { to: 'running', startedAt: now, stageBefore }))) return false
  await insertReleaseNodes(tx, run.id, rowsOf(run.document))
  await recordRunEvent(tx, run, 'running')
  return true
}

async function isItsTurn(tx: Tx, run: ReleaseRunRow): Promise<boolean> {
  const key = keyOf(run)
  if ((await listRunsInStatus(tx, key, ACTIVE)).length > 0) return false
  const [first] = await listRunsInStatus(tx, key, ['queued'])
  if (first === undefined || first.id === run.id) return true
  await schedule(tx, 'release_run', first.id)
  return false
}
