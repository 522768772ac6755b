import { FairwayError, notFound } from '@fairway/contract/errors'
import type { BackupSchedule } from '@fairway/contract/resources/addon'
import type { AddonKey } from '../../db/addons.ts'
import { deleteBackupSchedule, insertBackupSchedule, listBackupSchedules } from '../../db/backup-schedules.ts'
import type { Tx } from '../../db/db.ts'
import { newId, schedule } from '../../db/work.ts'

/** Adds a schedule. `conflict`: there is one of this interval and backup type. */
export async function addBackupSchedule(
  tx: Tx,
  { projectId, addonId, spec }: AddonKey & { spec: BackupSchedule },
): Promise<{ scheduleId: string }> {
  const { interval } = spec.scheduling
  const others = await listBackupSchedules(tx, { projectId, addonId })
  if (
    others.some(
      (other) => other.spec.scheduling.interval === interval && other.spec.backupType === spec.backupType,
    )
  )
    throw new FairwayError(
      'conflict',
      `The addon has a schedule of ${interval} ${spec.backupType} backups already. Delete it first.`,
    )
  const id = newId()
  // Its worker works out when it is due.
  await insertBackupSchedule(tx, { projectId, addonId, id, spec, nextAt: null })
  await schedule(tx, 'backup_schedule', id)
  return { scheduleId: id }
}

/** Removes a schedule; the backups it made stay until they expire. */
export async function removeBackupSchedule(
  tx: Tx,
  { projectId, addonId, scheduleId }: AddonKey & { scheduleId: string },
): Promise<void> {
  const found = (await listBackupSchedules(tx, { projectId, addonId })).some(({ id }) => id === scheduleId)
  if (!found) throw notFound('backup schedule', scheduleId)
  await deleteBackupSchedule(tx, scheduleId)
}

/** Replaces all schedules of an addon; those that stay the same are kept as they are. */
export async function setBackupSchedules(
  tx: Tx,
  { projectId, addonId, specs }: AddonKey & { specs: readonly BackupSchedule[] },
): Promise<void> {
  const existing = await listBackupSchedules(tx, { projectId, addonId })
  const wanted = new Set(specs.map((spec) => JSON.stringify(sorted(spec))))
  const kept = new Set<string>()
  for (const { id, spec } of existing) {
    const text = JSON.stringify(sorted(spec))
    if (wanted.has(text)) kept.add(text)
    else await deleteBackupSchedule(tx, id)
  }
  for (const spec of specs)
    if (!kept.has(JSON.stringify(sorted(spec)))) await addBackupSchedule(tx, { projectId, addonId, spec })
}

/** jsonb does not keep the order of keys. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  )
}
