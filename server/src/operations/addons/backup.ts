import { FairwayError, notFound } from '@fairway/contract/errors'
import type { AddonKey } from '../../db/addons.ts'
import { findBackupDestination } from '../../db/backup-destinations.ts'
import {
  type BackupType,
  type Compression,
  expireBackup,
  insertBackup,
  requestBackupAbort,
  setBackupRetained,
} from '../../db/backups.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { backupIsBeingRestored } from '../../db/restores.ts'
import { newId, schedule } from '../../db/work.ts'
import { requireBackup, requireOpenAddon } from './require.ts'

export type BackupRequest = AddonKey & {
  name?: string
  type: BackupType
  compression?: Compression
  destinationId?: string
  scheduleId?: string
  /** Days after which it is removed; absent: kept until someone deletes it. */
  retentionDays?: number
  trigger: 'manual' | 'schedule' | 'release-flow'
  actor: string | null
}

/** Asks for a backup; its worker makes it. Errors: `not_found`, `invalid_state` (paused or being deleted). */
export async function requestBackup(tx: Tx, request: BackupRequest): Promise<{ backupId: string }> {
  const { projectId, addonId, type } = request
  const addon = await requireOpenAddon(tx, request)
  if (addon.paused)
    throw new FairwayError('invalid_state', `The addon "${addonId}" is paused. Resume it, then back it up.`)
  await requireDestination(tx, request.destinationId)
  const id = newId()
  await insertBackup(tx, {
    projectId,
    addonId,
    id,
    name: request.name ?? `${type}-${id.slice(0, 8)}`,
    type,
    compression: request.compression ?? 'gz',
    trigger: request.trigger,
    scheduleId: request.scheduleId ?? null,
    destinationId: request.destinationId ?? null,
    retentionDays: request.retentionDays ?? null,
    createdBy: request.actor,
  })
  await schedule(tx, 'backup', id)
  await backupEvent(tx, { projectId, backupId: id, type: 'backup.requested', actor: request.actor })
  return { backupId: id }
}

async function requireDestination(tx: Tx, id: string | undefined): Promise<void> {
  if (id === undefined || (await findBackupDestination(tx, id)) !== undefined) return
  throw notFound('backup destination', id)
}

export type BackupAction = AddonKey & { backupId: string; actor: string | null }

/** Asks for a backup to stop and leave nothing. `invalid_state`: it is finished. */
export async function abortBackup(tx: Tx, action: BackupAction): Promise<void> {
  await requireBackup(tx, action)
  // Workers lock their work first and the backup then; so must we.
  await schedule(tx, 'backup', action.backupId)
  if (!(await requestBackupAbort(tx, action.backupId)))
    throw new FairwayError('invalid_state', 'The backup is finished. Delete it instead.')
  await backupEvent(tx, { ...action, type: 'backup.abort-requested' })
}

/** Removes a finished backup and what it stored. `invalid_state`: it runs, or a restore reads it. */
export async function deleteBackup(tx: Tx, action: BackupAction): Promise<void> {
  await requireBackup(tx, action)
  if (await backupIsBeingRestored(tx, action.backupId))
    throw new FairwayError('invalid_state', 'A restore is reading this backup. Wait for it or abort it.')
  await schedule(tx, 'backup', action.backupId)
  if (!(await expireBackup(tx, action.backupId)))
    throw new FairwayError('invalid_state', 'The backup is not finished. Abort it instead.')
  await backupEvent(tx, { ...action, type: 'backup.delete-requested' })
}

/** Keeps a backup beyond its expiry, or lets the expiry count again. */
export async function retainBackup(tx: Tx, action: BackupAction & { retain: boolean }): Promise<void> {
  const backup = await requireBackup(tx, action)
  if (backup.status !== 'completed')
    throw new FairwayError('invalid_state', 'Only a completed backup can be retained.')
  await schedule(tx, 'backup', action.backupId)
  await setBackupRetained(tx, action.backupId, action.retain)
  await backupEvent(tx, { ...action, type: action.retain ? 'backup.retained' : 'backup.released' })
}

function backupEvent(
  tx: Tx,
  event: { projectId: string; backupId: string; type: string; actor: string | null },
): Promise<void> {
  return recordEvent(tx, {
    projectId: event.projectId,
    topic: 'backup',
    subject: event.backupId,
    type: event.type,
    ...(event.actor === null ? {} : { actor: event.actor }),
  })
}
