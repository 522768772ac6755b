import { FairwayError } from '@fairway/contract/errors'
import { backupMoves, unfinished } from '@fairway/contract/states'
import type { Failure } from '../db/backups.ts'
import {
  deleteVolumeBackupRow,
  findVolumeBackup,
  moveVolumeBackup,
  recordVolumeBackupKey,
  type StoredVolumeBackup,
  type VolumeBackupRow,
} from '../db/volume-backups.ts'
import { findVolume } from '../db/volumes.ts'
import { schedule, type WorkItem, withLease } from '../db/work.ts'
import { volumeEvent } from '../operations/volumes/require.ts'
import { type AbortWatch, watchForAbort } from './abort-watch.ts'
import { AGAIN, failureOf, RESTS, storageOf, type Woken } from './addon-deps.ts'
import { backUp } from './volume-copy.ts'
import { isLeaseLost, type VolumeDeps } from './volume-deps.ts'

export const volumeBackupCrashPoints = [
  'volume-backup.after-begin',
  'volume-backup.after-key',
  'volume-backup.after-write',
  'volume-backup.after-complete',
  'volume-backup.after-remove',
] as const

const RUN_DEADLINE_MS = 4 * 60 * 60_000
/** Unexpected errors in a row after which it is given up. */
const ATTEMPTS = 3

type Job = { deps: VolumeDeps; item: WorkItem; backup: VolumeBackupRow }

/**
 * Makes one backup of a volume. An attempt that was cut off starts again from nothing after removing what the last one
 * left, whose name was recorded before it wrote. One that is to go is stopped and removed. Key: the backup's id.
 */
export const volumeBackupHandler =
  (deps: VolumeDeps) =>
  async (item: WorkItem, signal: AbortSignal): Promise<Woken> => {
    const backup = await findVolumeBackup(deps.db, item.key)
    if (backup === undefined) return RESTS
    const job = { deps, item, backup }
    switch (backup.status) {
      case 'scheduled':
        return begin(job)
      case 'in-progress':
        return run(job, signal)
      case 'aborting':
        await removeStored(job)
        return move(job, 'aborted')
      default:
        return backup.removing ? remove(job) : RESTS
    }
  }

async function begin(job: Job): Promise<Woken> {
  if (job.backup.abort_requested) return move(job, 'aborted')
  await move(job, 'in-progress')
  job.deps.crash.hit('volume-backup.after-begin')
  return AGAIN
}

async function run(job: Job, signal: AbortSignal): Promise<Woken> {
  const { deps, backup } = job
  if (backup.abort_requested) return move(job, 'aborting')
  const startedAt = backup.started_at ?? backup.created_at
  const watch = watchForAbort(signal, {
    deadlineMs: startedAt.getTime() + RUN_DEADLINE_MS - deps.clock.now().getTime(),
    isRequested: async () => (await findVolumeBackup(deps.db, backup.id))?.abort_requested ?? true,
    onError: (error) => deps.log.warn({ err: error, backup: backup.id }, 'cannot see whether to abort'),
  })
  try {
    const record = await write(job, watch.signal)
    deps.crash.hit('volume-backup.after-write')
    await move(job, 'completed', { record })
    deps.crash.hit('volume-backup.after-complete')
    return AGAIN
  } catch (error) {
    return await stopped(job, watch, error)
  } finally {
    watch.end()
  }
}

/** Each attempt writes under a name of its own, so that one that lost its lease cannot touch its successor's. */
async function write({ deps, item, backup }: Job, signal: AbortSignal): Promise<StoredVolumeBackup> {
  const { project_id: projectId, volume_id: volumeId } = backup
  const storage = await storageOf(deps, backup.destination_id)
  if (backup.record !== null) await storage.remove(backup.record.key)
  const key = `${projectId}/volumes/${volumeId}/${backup.id}-${item.lease.slice(0, 8)}.tar.gz`
  await withLease(deps.db, item, (tx) => recordVolumeBackupKey(tx, backup.id, key))
  deps.crash.hit('volume-backup.after-key')
  const volume = await findVolume(deps.db, { projectId, volumeId })
  if (volume?.disk === null || volume?.status !== 'BOUND')
    throw new FairwayError('backup_failed', `The volume "${volumeId}" is not there any more.`)
  try {
    return await backUp(deps.volumes, volume.disk, { storage, key, signal })
  } catch (error) {
    await storage.remove(key)
    throw error
  }
}

async function stopped(job: Job, watch: AbortWatch, error: unknown): Promise<Woken> {
  const { deps, item, backup } = job
  if (isLeaseLost(error)) throw error
  if (watch.reason() === 'interrupted') return AGAIN
  if (watch.reason() === 'requested') return move(job, 'aborting')
  const late = watch.reason() === 'deadline'
  if (!late && !(error instanceof FairwayError) && item.failures + 1 < ATTEMPTS) throw error
  deps.log.error({ err: error, backup: backup.id }, 'a backup of a volume failed')
  const otherwise = {
    code: 'backup_failed',
    message: `The backup failed ${ATTEMPTS} times. The log says why.`,
  }
  const tooLong = { code: 'timed_out', message: 'The backup took over 4 hours.' }
  return move(job, 'failed', { error: late ? tooLong : failureOf(error, otherwise) })
}

async function remove(job: Job): Promise<Woken> {
  const { deps, item, backup } = job
  await removeStored(job)
  deps.crash.hit('volume-backup.after-remove')
  await withLease(deps.db, item, async (tx) => {
    await deleteVolumeBackupRow(tx, backup.id)
    await schedule(tx, 'project', backup.project_id)
    await volumeEvent(tx, keyOf(backup), { type: 'volume.backup-deleted', data: { backupId: backup.id } })
  })
  return RESTS
}

async function removeStored({ deps, backup }: Job): Promise<void> {
  if (backup.record === null) return
  const storage = await storageOf(deps, backup.destination_id)
  await storage.remove(backup.record.key)
}

const keyOf = (backup: VolumeBackupRow) => ({ projectId: backup.project_id, volumeId: backup.volume_id })

type Ending = 'in-progress' | 'completed' | 'aborting' | 'aborted' | 'failed'

async function move(
  { deps, item, backup }: Job,
  to: Ending,
  result: { record?: StoredVolumeBackup; error?: Failure } = {},
): Promise<Woken> {
  await withLease(deps.db, item, async (tx) => {
    if (!(await moveVolumeBackup(tx, backup.id, to, result))) return
    // A volume that is to go may wait for this.
    if (!unfinished(backupMoves).includes(to)) await schedule(tx, 'project', backup.project_id)
    await volumeEvent(tx, keyOf(backup), {
      type: 'volume.backup-status',
      data: { backupId: backup.id, status: to, ...(result.error && { error: result.error }) },
    })
  })
  return AGAIN
}
