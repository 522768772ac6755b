import { FairwayError } from '@fairway/contract/errors'
import type { FlowDocument } from '@fairway/contract/flow'
import type { Tx } from '../../db/db.ts'
import {
  findRun,
  insertRun,
  listRunsInStatus,
  type NewRun,
  type ReleaseRunRow,
  type RunOwner,
  type RunSummary,
} from '../../db/release-runs.ts'
import { schedule } from '../../db/work.ts'
import { admit } from './admit.ts'
import { askAbort } from './ask-abort.ts'
import { ACTIVE, concludeRun, recordRunEvent } from './conclude.ts'

/**
 * Puts a run into the table as the flow's concurrency policy allows, and makes it due. The caller holds the lock of
 * the flow or template, so two requests at once are admitted one after the other. 409 `run_forbidden` names the run in the way.
 */
export async function createRun(
  tx: Tx,
  owner: RunOwner,
  { run, policyOf, now }: { run: Omit<NewRun, 'status'>; policyOf: FlowDocument; now: Date },
): Promise<ReleaseRunRow> {
  const policy = policyOf.options?.concurrencyPolicy ?? 'allow'
  const active = await listRunsInStatus(tx, owner, ACTIVE)
  const queued = await listRunsInStatus(tx, owner, ['queued'])
  const admission = admit(policy, active, queued)
  if (admission.is === 'refused') throw forbidden(admission.because)
  for (const { id } of admission.skip) await skipRun(tx, id, now)
  for (const { id } of admission.abort) await abortForReplacement(tx, id, now)
  const created = await insertRun(tx, owner, { ...run, status: admission.status })
  await schedule(tx, 'release_run', created.id)
  await recordRunEvent(tx, created, created.status, {
    ...(run.created_by !== null && { actor: run.created_by }),
  })
  return created
}

const forbidden = ({ id, name, status }: RunSummary): FairwayError =>
  new FairwayError(
    'run_forbidden',
    `Run ${name === null ? id : `"${name}" (${id})`} is ${status}, and this flow forbids two at once. Wait for it, or abort it.`,
    { data: { runId: id } },
  )

async function skipRun(tx: Tx, id: string, at: Date): Promise<void> {
  const run = await findRun(tx, id)
  if (run === undefined) return
  await concludeRun(tx, run, { to: 'skipped', message: 'A newer run took its place in the queue.', at })
}

async function abortForReplacement(tx: Tx, id: string, at: Date): Promise<void> {
  const run = await findRun(tx, id)
  if (run !== undefined) await askAbort(tx, run, { at, reason: 'A newer run replaced it.' })
}
