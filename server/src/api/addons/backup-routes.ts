import * as contract from '@fairway/contract/routes/backups'
import { listBackupSchedules } from '../../db/backup-schedules.ts'
import { listBackups } from '../../db/backups.ts'
import { transaction } from '../../db/db.ts'
import { listRestores } from '../../db/restores.ts'
import {
  abortBackup,
  type BackupAction,
  deleteBackup,
  requestBackup,
  retainBackup,
} from '../../operations/addons/backup.ts'
import { requireAddon, requireBackup, requireRestore } from '../../operations/addons/require.ts'
import { abortRestore, requestRestore } from '../../operations/addons/restore.ts'
import { addBackupSchedule, removeBackupSchedule } from '../../operations/addons/schedules.ts'
import { pageOf, pageOfAll } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { acting } from './routes.ts'
import { backupViewOf, restoreViewOf } from './view.ts'

export const backupRoutes: readonly Route[] = [
  defineRoute(contract.listBackups, async ({ params, page }, { db }) => {
    await requireAddon(db, params)
    return pageOf(await listBackups(db, params, page), page, (rows) => ({ backups: rows.map(backupViewOf) }))
  }),

  defineRoute(contract.createBackup, async ({ params, body, actor }, { db }) => {
    const { name, backupType, compressionType, customDestinationId } = body
    return transaction(db, async (tx) => {
      const { backupId } = await requestBackup(tx, {
        ...params,
        type: backupType,
        trigger: 'manual',
        actor: actor.id,
        ...(name !== undefined && { name }),
        ...(compressionType !== undefined && { compression: compressionType }),
        ...(customDestinationId !== undefined && { destinationId: customDestinationId }),
      })
      return backupViewOf(await requireBackup(tx, { ...params, backupId }))
    })
  }),

  defineRoute(contract.getBackup, async ({ params }, { db }) =>
    backupViewOf(await requireBackup(db, params)),
  ),
  defineRoute(contract.deleteBackup, acting(deleteBackup)),
  defineRoute(contract.abortBackup, acting(abortBackup)),
  defineRoute(
    contract.retainBackup,
    acting((tx, target: BackupAction) => retainBackup(tx, { ...target, retain: true })),
  ),

  defineRoute(contract.restoreBackup, ({ params, actor }, { db }) =>
    transaction(db, async (tx) => {
      const { restoreId } = await requestRestore(tx, { ...params, actor: actor.id })
      return restoreViewOf(await requireRestore(tx, { ...params, restoreId }))
    }),
  ),

  defineRoute(contract.listRestores, async ({ params, page }, { db }) => {
    await requireAddon(db, params)
    return pageOf(await listRestores(db, params, page), page, (rows) => ({
      restores: rows.map(restoreViewOf),
    }))
  }),
  defineRoute(contract.abortRestore, acting(abortRestore)),

  defineRoute(contract.listSchedules, async ({ params, page }, { db }) => {
    await requireAddon(db, params)
    return pageOfAll(await listBackupSchedules(db, params), page, (rows) => ({
      backupSchedules: rows.map(({ id, spec, next_at }) => ({
        id,
        spec,
        nextAt: next_at?.toISOString() ?? null,
      })),
    }))
  }),
  defineRoute(contract.createSchedule, async ({ params, body }, { db }) => {
    await requireAddon(db, params)
    const { scheduleId } = await transaction(db, (tx) => addBackupSchedule(tx, { ...params, spec: body }))
    return { id: scheduleId }
  }),
  defineRoute(
    contract.deleteSchedule,
    acting((tx, target: Parameters<typeof removeBackupSchedule>[1] & { actor: string | null }) =>
      removeBackupSchedule(tx, target),
    ),
  ),
]
