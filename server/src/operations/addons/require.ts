import { FairwayError, notFound } from '@fairway/contract/errors'
import { type AddonKey, type AddonRow, findAddon } from '../../db/addons.ts'
import { type BackupRow, findBackup } from '../../db/backups.ts'
import type { Db } from '../../db/db.ts'
import { findRestore, type RestoreRow } from '../../db/restores.ts'

/** The addon, or `not_found`. */
export async function requireAddon(db: Db, key: AddonKey): Promise<AddonRow> {
  const addon = await findAddon(db, key)
  if (addon === undefined) throw notFound('addon', key.addonId)
  return addon
}

/** The addon when things may be asked of it: `invalid_state` while it is being deleted. */
export async function requireOpenAddon(db: Db, key: AddonKey): Promise<AddonRow> {
  const addon = await requireAddon(db, key)
  if (!addon.deleting) return addon
  throw new FairwayError('invalid_state', `The addon "${key.addonId}" is being deleted.`)
}

/** A backup of this addon, or `not_found`. */
export async function requireBackup(db: Db, key: AddonKey & { backupId: string }): Promise<BackupRow> {
  const backup = isId(key.backupId) ? await findBackup(db, key.backupId) : undefined
  if (backup === undefined || !belongsTo(backup, key)) throw notFound('backup', key.backupId)
  return backup
}

/** A restore of this addon, or `not_found`. */
export async function requireRestore(db: Db, key: AddonKey & { restoreId: string }): Promise<RestoreRow> {
  const restore = isId(key.restoreId) ? await findRestore(db, key.restoreId) : undefined
  if (restore === undefined || !belongsTo(restore, key)) throw notFound('restore', key.restoreId)
  return restore
}

const belongsTo = (row: { project_id: string; addon_id: string }, key: AddonKey): boolean =>
  row.project_id === key.projectId && row.addon_id === key.addonId

/** The database refuses to compare a uuid column with other text. */
const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

export const workKey = ({ projectId, addonId }: AddonKey): string => `${projectId}/${addonId}`
