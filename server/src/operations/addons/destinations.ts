import {
  type BackupDestinationRow,
  type DestinationSpec,
  insertBackupDestination,
} from '../../db/backup-destinations.ts'
import type { Tx } from '../../db/db.ts'
import { newId } from '../../db/work.ts'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'

export type StorageKeys = { accessKeyId: string; secretAccessKey: string }

const contextOf = (id: string): string => `backup-destination/${id}`

/** Adds a place for backups; its keys are sealed. */
export async function createBackupDestination(
  tx: Tx,
  request: { name: string; spec: DestinationSpec; credentials?: StorageKeys },
  sealer: Sealer,
): Promise<{ destinationId: string }> {
  const id = newId()
  const { credentials } = request
  await insertBackupDestination(tx, {
    id,
    name: request.name,
    spec: request.spec,
    secret: credentials === undefined ? null : sealJson(sealer, credentials, contextOf(id)),
  })
  return { destinationId: id }
}

/** What the storage adapters need of a destination; announces its secret key to the masker. */
export function openBackupDestination(
  sealer: Sealer,
  { id, spec, secret }: BackupDestinationRow,
): { spec: DestinationSpec; credentials: StorageKeys | undefined } {
  if (secret === null) return { spec, credentials: undefined }
  const credentials = openJson<StorageKeys>(sealer, secret, contextOf(id))
  sealer.announce(credentials.secretAccessKey)
  return { spec, credentials }
}
