import type { AddonEngine, BackupRecord } from '../reconcile/addon-port.ts'
import { compress } from './postgres/compression.ts'
import { measure } from './postgres/snapshot.ts'

export type BackupRequest = Parameters<AddonEngine['backup']>[1]

/** Writes a backup to its storage, compressed as wanted, and says what was written. */
export async function storeBackup(
  request: BackupRequest,
  engineVersion: string,
  data: AsyncIterable<Uint8Array>,
): Promise<BackupRecord> {
  const measured = measure(await compress(data, request.compression))
  await request.storage.write(request.key, measured.data)
  if (request.signal.aborted) {
    // Too late to cut it short, but nobody will know of it.
    await request.storage.remove(request.key)
    throw request.signal.reason
  }
  const record = { key: request.key, ...measured.result(), engineVersion }
  request.log(`wrote ${record.sizeBytes} bytes`)
  return record
}
