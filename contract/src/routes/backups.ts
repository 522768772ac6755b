import { z } from 'zod'
import { resourceId } from '../names.ts'
import { backupRequest, backupSchedule } from '../resources/addon.ts'
import { route } from '../route.ts'

const tag = 'Backups'
const one = z.object({ projectId: resourceId, addonId: resourceId })
const oneBackup = one.extend({ backupId: z.string().min(1).max(100) })
const base = '/projects/{projectId}/addons'
const status = z.enum([
  'scheduled',
  'in-progress',
  'completed',
  'aborting',
  'aborted',
  'failed',
  'not-supported',
])
const failure = z.object({ code: z.string(), message: z.string() })
const empty = z.object({})

export const backupView = z.object({
  id: z.string(),
  name: z.string(),
  status,
  createdAt: z.string(),
  completedAt: z.string().optional(),
  config: z.object({
    source: z.object({ type: z.enum(['snapshot', 'externalDump']) }),
    size: z.string().describe('bytes'),
    compressionType: z.string(),
    addonVersion: z.string().optional(),
  }),
  customDestinationId: z.string().optional(),
  expiresAt: z.string().optional(),
  retained: z.boolean(),
  trigger: z.string(),
  error: failure.optional(),
})
export type BackupView = z.infer<typeof backupView>

export const restoreView = z.object({
  id: z.string(),
  backupId: z.string(),
  status,
  createdAt: z.string(),
  completedAt: z.string().optional(),
  verified: z
    .object({ tables: z.number(), rows: z.number() })
    .optional()
    .describe('what was read before the swap'),
  error: failure.optional(),
})
export type RestoreView = z.infer<typeof restoreView>

export const listBackups = route({
  id: 'listAddonBackups',
  method: 'GET',
  path: `${base}/{addonId}/backups`,
  summary: 'List backups, newest first',
  tag,
  permission: 'read',
  params: one,
  reply: z.object({ backups: z.array(backupView) }),
  paginated: true,
})
export const createBackup = route({
  id: 'backupAddon',
  method: 'POST',
  path: `${base}/{addonId}/backups`,
  summary: 'Back an addon up now',
  tag,
  permission: 'write',
  params: one,
  body: backupRequest,
  reply: backupView,
})
export const getBackup = route({
  id: 'getAddonBackup',
  method: 'GET',
  path: `${base}/{addonId}/backups/{backupId}`,
  summary: 'A backup',
  tag,
  permission: 'read',
  params: oneBackup,
  reply: backupView,
})
export const deleteBackup = route({
  id: 'deleteAddonBackup',
  method: 'DELETE',
  path: `${base}/{addonId}/backups/{backupId}`,
  summary: 'Delete a backup',
  tag,
  permission: 'write',
  params: oneBackup,
  reply: empty,
})
export const abortBackup = route({
  id: 'abortAddonBackup',
  method: 'POST',
  path: `${base}/{addonId}/backups/{backupId}/abort`,
  summary: 'Stop a backup that is under way',
  tag,
  permission: 'write',
  params: oneBackup,
  body: z.looseObject({}).optional(),
  reply: empty,
})
export const retainBackup = route({
  id: 'retainAddonBackup',
  method: 'POST',
  path: `${base}/{addonId}/backups/{backupId}/retain`,
  summary: 'Keep a backup for ever',
  tag,
  permission: 'write',
  params: oneBackup,
  body: z.looseObject({}).optional(),
  reply: empty,
})
export const restoreBackup = route({
  id: 'restoreAddonBackup',
  method: 'POST',
  path: `${base}/{addonId}/backups/{backupId}/restore`,
  summary: 'Restore into new data beside the old, verify, then swap; the old data is kept',
  tag,
  permission: 'write',
  params: oneBackup,
  body: z.looseObject({}).optional(),
  reply: restoreView,
})
export const listRestores = route({
  id: 'listAddonRestores',
  method: 'GET',
  path: `${base}/{addonId}/restores`,
  summary: 'List restores, newest first',
  tag,
  permission: 'read',
  params: one,
  reply: z.object({ restores: z.array(restoreView) }),
  paginated: true,
})
export const abortRestore = route({
  id: 'abortAddonRestore',
  method: 'POST',
  path: `${base}/{addonId}/restores/{restoreId}/abort`,
  summary: 'Stop a restore before its data is in use',
  tag,
  permission: 'write',
  params: one.extend({ restoreId: z.uuid() }),
  body: z.looseObject({}).optional(),
  reply: empty,
})

const scheduleView = z.object({ id: z.string(), spec: z.unknown(), nextAt: z.string().nullable() })

export const listSchedules = route({
  id: 'listBackupSchedules',
  method: 'GET',
  path: `${base}/{addonId}/backup-schedules`,
  summary: 'List backup schedules',
  tag,
  permission: 'read',
  params: one,
  reply: z.object({ backupSchedules: z.array(scheduleView) }),
  paginated: true,
})
export const createSchedule = route({
  id: 'createBackupSchedule',
  method: 'POST',
  path: `${base}/{addonId}/backup-schedules`,
  summary: 'Back up regularly',
  tag,
  permission: 'write',
  params: one,
  body: backupSchedule,
  reply: z.object({ id: z.string() }),
})
export const deleteSchedule = route({
  id: 'deleteBackupSchedule',
  method: 'DELETE',
  path: `${base}/{addonId}/backup-schedules/{scheduleId}`,
  summary: 'Stop backing up regularly; backups stay until they expire',
  tag,
  permission: 'write',
  params: one.extend({ scheduleId: z.uuid() }),
  reply: empty,
})
