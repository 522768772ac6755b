import { findAddon } from '../db/addons.ts'
import {
  type BackupScheduleRow,
  countScheduleBackups,
  findBackupSchedule,
  setScheduleNext,
} from '../db/backup-schedules.ts'
import type { Tx } from '../db/db.ts'
import { type WorkItem, withLease } from '../db/work.ts'
import { requestBackup } from '../operations/addons/backup.ts'
import { type AddonDeps, RESTS, type Woken } from './addon-deps.ts'
import { nextBackupAt } from './next-backup.ts'

const MOST_BACKUPS = 500

/**
 * Asks for a backup whenever the schedule is due. Times missed while no server ran make one backup, not many. An addon
 * that is paused is passed over. Key: the schedule's id.
 */
export const backupScheduleHandler =
  (deps: AddonDeps) =>
  async (item: WorkItem): Promise<Woken> => {
    const row = await findBackupSchedule(deps.db, item.key)
    if (row === undefined) return RESTS
    const now = deps.clock.now()
    if (row.next_at !== null && row.next_at > now)
      return { wakeAfterMs: row.next_at.getTime() - now.getTime() }
    const next = nextBackupAt(row.spec.scheduling, now)
    await withLease(deps.db, item, async (tx) => {
      if (row.next_at !== null) await backUp(deps, tx, row)
      await setScheduleNext(tx, row.id, next)
    })
    return { wakeAfterMs: next.getTime() - now.getTime() }
  }

async function backUp(deps: AddonDeps, tx: Tx, row: BackupScheduleRow): Promise<void> {
  const key = { projectId: row.project_id, addonId: row.addon_id }
  const addon = await findAddon(tx, key)
  if (addon === undefined || addon.paused || addon.deleting) return
  if ((await countScheduleBackups(tx, row.id)) >= MOST_BACKUPS) {
    deps.log.warn({ schedule: row.id }, `a backup is skipped: the schedule has ${MOST_BACKUPS} already`)
    return
  }
  const { backupType, compressionType, customDestinationId, retentionTime } = row.spec
  await requestBackup(tx, {
    ...key,
    type: backupType,
    ...(compressionType === undefined ? {} : { compression: compressionType }),
    ...(customDestinationId === undefined ? {} : { destinationId: customDestinationId }),
    scheduleId: row.id,
    retentionDays: retentionTime,
    trigger: 'schedule',
    actor: null,
  })
}
