import type { Tx } from '../db/db.ts'
import { insertReleaseNodes } from '../db/release-nodes.ts'
import { flowOf, listRunsInStatus, moveRun, ownerOf, type ReleaseRunRow } from '../db/release-runs.ts'
import { schedule } from '../db/work.ts'
import { ACTIVE, recordRunEvent } from '../operations/runs/conclude.ts'
import { lockOwner } from '../operations/runs/owner.ts'
import { readStageState } from '../operations/runs/stage-state.ts'
import { rowsOf } from './paths.ts'

/** Begins a run that waits, when it is its turn: notes what the stage runs now and makes the rows of its nodes. */
export async function beginRun(tx: Tx, run: ReleaseRunRow, now: Date): Promise<boolean> {
  if (run.status === 'queued') {
    // The lock keeps a new run from being admitted between this look and the move.
    await lockOwner(tx, ownerOf(run))
    if (!(await isItsTurn(tx, run))) return false
  }
  const flow = flowOf(run)
  const version = { id: run.id, flowVersion: run.flow_version }
  const stage = flow === undefined ? {} : { stageBefore: await readStageState(tx, flow, version) }
  if (!(await moveRun(tx, run.id, { to: 'running', startedAt: now, ...stage }))) return false
  await insertReleaseNodes(tx, run.id, rowsOf(run.document))
  await recordRunEvent(tx, run, 'running')
  return true
}

async function isItsTurn(tx: Tx, run: ReleaseRunRow): Promise<boolean> {
  const owner = ownerOf(run)
  if ((await listRunsInStatus(tx, owner, ACTIVE)).length > 0) return false
  const [first] = await listRunsInStatus(tx, owner, ['queued'])
  if (first === undefined || first.id === run.id) return true
  await schedule(tx, 'release_run', first.id)
  return false
}
