import type { Db } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import {
  abortProjectWork,
  countLeftovers,
  deleteProjectResources,
  deleteProjectVolumes,
} from '../db/project-deletion.ts'
import { deleteProject, findProject } from '../db/projects.ts'
import { type WorkItem, withLease } from '../db/work.ts'
import type { CrashPoints } from '../lib/crash-point.ts'

/** Where a test may kill the process while a project goes. */
export const projectCrashPoints = [
  'project.after-abort',
  'project.after-marking',
  'project.after-volumes',
  'project.after-delete',
] as const

const LOOK_AGAIN_MS = 500

type Deps = { db: Db; crash: CrashPoints }

/**
 * Deletes a project that was marked, in passes: what is under way is aborted, then services and addons are asked to
 * go, then volumes with their backups, and when their own reconcilers have cleared them away, the row goes and takes the
 * rest with it.
 */
export function projectHandler({ db, crash }: Deps) {
  return async (item: WorkItem): Promise<{ wakeAfterMs: number | null }> => {
    const projectId = item.key
    const project = await findProject(db, projectId)
    if (project === undefined || !project.deleting) return { wakeAfterMs: null }
    await withLease(db, item, (tx) => abortProjectWork(tx, projectId))
    crash.hit('project.after-abort')
    const { runs, jobRuns } = await countLeftovers(db, projectId)
    if (runs + jobRuns > 0) return { wakeAfterMs: LOOK_AGAIN_MS }
    await withLease(db, item, (tx) => deleteProjectResources(tx, projectId))
    crash.hit('project.after-marking')
    const left = await countLeftovers(db, projectId)
    if (left.services + left.addons > 0) return { wakeAfterMs: LOOK_AGAIN_MS }
    await withLease(db, item, (tx) => deleteProjectVolumes(tx, projectId))
    crash.hit('project.after-volumes')
    const { volumes, volumeBackups } = await countLeftovers(db, projectId)
    if (volumes + volumeBackups > 0) return { wakeAfterMs: LOOK_AGAIN_MS }
    await withLease(db, item, async (tx) => {
      await deleteProject(tx, projectId)
      await recordEvent(tx, { topic: 'audit', subject: projectId, type: 'project.deleted' })
    })
    crash.hit('project.after-delete')
    return { wakeAfterMs: null }
  }
}
