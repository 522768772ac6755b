import { FairwayError, notFound } from '@fairway/contract/errors'
import { deleteBackupDestination, findBackupDestination, holdsBackups } from '../../db/backup-destinations.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'

/** Forgets a destination. 409 while backups that are kept lie there. */
export async function removeBackupDestination(
  tx: Tx,
  { id, actor }: { id: string; actor: string },
): Promise<void> {
  if ((await findBackupDestination(tx, id)) === undefined) throw notFound('backup destination', id)
  if (await holdsBackups(tx, id)) {
    throw new FairwayError('conflict', 'Backups lie in this destination. Delete them first.')
  }
  await deleteBackupDestination(tx, id)
  await recordEvent(tx, { topic: 'audit', subject: id, type: 'backup-destination.delete', actor })
}
