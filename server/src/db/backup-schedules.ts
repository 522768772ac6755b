import type { BackupSchedule } from '@fairway/contract/resources/addon'
import type { AddonKey } from './addons.ts'
import { type Db, type Tx, toJson } from './db.ts'

export type BackupScheduleRow = {
  id: string
  project_id: string
  addon_id: string
  spec: BackupSchedule
  next_at: Date | null
  created_at: Date
}

const columns = ['id', 'project_id', 'addon_id', 'spec', 'next_at', 'created_at'] as const

export async function findBackupSchedule(db: Db, id: string): Promise<BackupScheduleRow | undefined> {
  const row = await db.selectFrom('backup_schedule').select(columns).where('id', '=', id).executeTakeFirst()
  return row as BackupScheduleRow | undefined
}

export async function listBackupSchedules(
  db: Db,
  { projectId, addonId }: AddonKey,
): Promise<BackupScheduleRow[]> {
  const rows = await db
    .selectFrom('backup_schedule')
    .select(columns)
    .where('project_id', '=', projectId)
    .where('addon_id', '=', addonId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows as BackupScheduleRow[]
}

export async function insertBackupSchedule(
  tx: Tx,
  schedule: AddonKey & { id: string; spec: BackupSchedule; nextAt: Date | null },
): Promise<void> {
  await tx
    .insertInto('backup_schedule')
    .values({
      id: schedule.id,
      project_id: schedule.projectId,
      addon_id: schedule.addonId,
      spec: toJson(schedule.spec),
      next_at: schedule.nextAt,
    })
    .execute()
}

export async function setScheduleNext(tx: Tx, id: string, nextAt: Date): Promise<void> {
  await tx.updateTable('backup_schedule').set({ next_at: nextAt }).where('id', '=', id).execute()
}

export async function deleteBackupSchedule(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('backup_schedule').where('id', '=', id).executeTakeFirst()
  return numDeletedRows === 1n
}

/** Backups of one schedule that are not yet gone. */
export async function countScheduleBackups(db: Db, scheduleId: string): Promise<number> {
  const { count } = await db
    .selectFrom('backup')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('schedule_id', '=', scheduleId)
    .executeTakeFirstOrThrow()
  return Number(count)
}
