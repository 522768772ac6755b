import { sql } from 'kysely'
import { type Db, toJson } from './db.ts'

export type Sample = { instance: string; cpuMillis: number; memoryBytes: number; restarts: number }

/** Stores what was measured of all instances at one moment. */
export async function insertSamples(db: Db, at: Date, samples: readonly Sample[]): Promise<void> {
  if (samples.length === 0) return
  await sql`
    insert into metric_sample (instance_id, at, cpu_millis, memory_bytes, restarts)
    select instance, ${at}, "cpuMillis", "memoryBytes", restarts
      from jsonb_to_recordset(${toJson(samples)}::jsonb)
           as s (instance text, "cpuMillis" real, "memoryBytes" bigint, restarts int)
    on conflict do nothing`.execute(db)
}

export async function deleteSamplesBefore(db: Db, moment: Date): Promise<void> {
  await db.deleteFrom('metric_sample').where('at', '<', moment).execute()
}

/** The attempts that run. */
export async function listRunning(db: Db): Promise<{ id: string; attempt: number; restarts: number }[]> {
  return db
    .selectFrom('instance')
    .select(['id', 'attempt', 'restarts'])
    .where('state', '=', 'running')
    .execute()
}
