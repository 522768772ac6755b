import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'
import { schedule } from './work.ts'

/** What a run can wait for. `subject`: of `service`, `addon` and `build` `projectId/id`, else the id. */
export type WaiterTopic = 'build' | 'job-run' | 'backup' | 'restore' | 'service' | 'addon' | 'run'

/** Remembers that this run wants to look again when the subject concludes. Forgotten when the run ends. */
export async function waitFor(tx: Tx, runId: string, topic: WaiterTopic, subject: string): Promise<void> {
  await sql`insert into release_waiter (topic, subject, run_id) values (${topic}, ${subject}, ${runId})
            on conflict do nothing`.execute(tx)
}

/**
 * Wakes the release runs that wait for this subject. Called in the transaction that concludes it (a build, a job
 * run, a backup, a restore, a rollout, a run), so that a run goes on at once instead of at its next poll.
 */
export async function wakeRunsWaitingFor(db: Db, topic: WaiterTopic, subject: string): Promise<void> {
  const rows = await db
    .selectFrom('release_waiter')
    .select('run_id')
    .where('topic', '=', topic)
    .where('subject', '=', subject)
    // Two that conclude at once must not lock the same rows in opposite order.
    .orderBy('run_id')
    .execute()
  for (const row of rows) await schedule(db, 'release_run', row.run_id)
}

export async function forgetWaits(tx: Tx, runId: string): Promise<void> {
  await tx.deleteFrom('release_waiter').where('run_id', '=', runId).execute()
}
