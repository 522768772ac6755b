import { FairwayError } from '@fairway/contract/errors'
import type { AddonKey } from '../../db/addons.ts'
import { type BackupRow, findBackup, latestBackupId } from '../../db/backups.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { insertRestore, requestRestoreAbort } from '../../db/restores.ts'
import { newId, schedule } from '../../db/work.ts'
import { requireBackup, requireOpenAddon, requireRestore, workKey } from './require.ts'

export type RestoreRequest = AddonKey & {
  /** Of this addon; `latest` is its newest completed one. */
  backupId: string
  actor: string | null
}

/**
 * Asks for a restore. The backup is restored into new data beside the old, verified, then swapped in at the addon's
 * address; the old data is kept. Errors: `not_found`, `invalid_state` (backup not completed, addon paused or going).
 */
export async function requestRestore(tx: Tx, request: RestoreRequest): Promise<{ restoreId: string }> {
  const { projectId, addonId, actor } = request
  const addon = await requireOpenAddon(tx, request)
  if (addon.paused)
    throw new FairwayError('invalid_state', `The addon "${addonId}" is paused. Resume it, then restore.`)
  const backup = await chooseBackup(tx, request)
  if (backup.status !== 'completed')
    throw new FairwayError('invalid_state', `The backup is ${backup.status}, so it cannot be restored.`)
  const id = newId()
  await insertRestore(tx, { projectId, addonId, id, backupId: backup.id, createdBy: actor })
  await schedule(tx, 'restore', id)
  await restoreEvent(tx, { ...request, restoreId: id, type: 'restore.requested' })
  return { restoreId: id }
}

async function chooseBackup(tx: Tx, request: RestoreRequest): Promise<BackupRow> {
  if (request.backupId !== 'latest') return requireBackup(tx, request)
  const latest = await latestBackupId(tx, request)
  const backup = latest === undefined ? undefined : await findBackup(tx, latest)
  if (backup === undefined)
    throw new FairwayError('invalid_state', `The addon "${request.addonId}" has no completed backup yet.`)
  return backup
}

/** Asks for a restore to stop. `invalid_state`: it is finished, or the restored data is in use already. */
export async function abortRestore(
  tx: Tx,
  action: AddonKey & { restoreId: string; actor: string | null },
): Promise<void> {
  await requireRestore(tx, action)
  // Workers lock their work first and the restore then; so must we.
  await schedule(tx, 'restore', action.restoreId)
  if (!(await requestRestoreAbort(tx, action.restoreId)))
    throw new FairwayError('invalid_state', 'The restore is past the point where it can be aborted.')
  await restoreEvent(tx, { ...action, type: 'restore.abort-requested' })
}

function restoreEvent(
  tx: Tx,
  event: AddonKey & { restoreId: string; type: string; actor: string | null },
): Promise<void> {
  return recordEvent(tx, {
    projectId: event.projectId,
    topic: 'addon',
    subject: workKey(event),
    type: event.type,
    data: { restoreId: event.restoreId },
    ...(event.actor === null ? {} : { actor: event.actor }),
  })
}
