import { sql } from 'kysely'
import { type Db, toJson } from './db.ts'
import type { ProbeRecord } from './instances.ts'

export type ProbeAnswers = { instance: string; attempt: number; probes: Record<string, ProbeRecord> }

/** Stores what probes answered, for all these instances at once. Answers of an earlier attempt are dropped. */
export async function storeProbeAnswers(db: Db, answers: readonly ProbeAnswers[]): Promise<void> {
  if (answers.length === 0) return
  await sql`
    update instance i set probes = a.probes
      from jsonb_to_recordset(${toJson(answers)}::jsonb) as a (instance text, attempt int, probes jsonb)
     where i.id = a.instance and i.attempt = a.attempt and i.state <> 'gone'`.execute(db)
}
