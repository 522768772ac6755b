import { forgetOldRuns, listKeptRunIds } from '../db/job-runs.ts'
import { type WorkItem, withLease } from '../db/work.ts'
import type { JobDeps } from './job-deps.ts'

/** Of how many ended runs of a job the instances are kept, for their logs. */
const KEPT_INSTANCES = 20
/** Of how many the record is kept. */
const KEPT_RUNS = 1000

/**
 * Removes the instances of old runs of a job, and of all when the job is gone. One that runs though its run is over was
 * started by a worker that had lost the run; it is stopped.
 */
export async function tidyJobInstances(
  { db, runtime, log }: JobDeps,
  item: WorkItem,
  key: { projectId: string; jobId: string },
): Promise<void> {
  await withLease(db, item, (tx) => forgetOldRuns(tx, key, KEPT_RUNS))
  const instances = (await runtime.list()).filter(
    ({ labels }) =>
      labels.ownerKind === 'job' && labels.projectId === key.projectId && labels.ownerId === key.jobId,
  )
  if (instances.length === 0) return
  // Read after the instances: a run that began meanwhile is among the kept.
  const kept = await listKeptRunIds(db, key, KEPT_INSTANCES)
  for (const { id, labels, state } of instances) {
    if (kept.has(labels.revision)) continue
    if (state === 'running') {
      log.warn({ instance: id }, 'an instance of a run that is over is stopped')
      await runtime.stop(id, 0)
    }
    await runtime.remove(id)
  }
}
