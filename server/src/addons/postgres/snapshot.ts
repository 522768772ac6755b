import { createHash } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FairwayError } from '@fairway/contract/errors'
import { extract } from 'tar'
import { hasCode } from '../../lib/has-code.ts'
import { type Cluster, own } from '../../lib/postgres/cluster.ts'
import type { BackupRecord, BackupStorage } from '../../reconcile/addon-port.ts'
import { decompress } from './compression.ts'

/** Passes data through and measures it: of what is stored, not of what was put in. */
export function measure(data: AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256')
  let sizeBytes = 0
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const chunk of data) {
      hash.update(chunk)
      sizeBytes += chunk.length
      yield chunk
    }
  }
  return { data: measured(), result: () => ({ sizeBytes, sha256: hash.digest('hex') }) }
}

export type StoredBackup = { storage: BackupStorage; record: BackupRecord; signal: AbortSignal }

/**
 * Unpacks a snapshot as the cluster's data directory, which appears only when the whole backup was read and its
 * checksum was right. `restore_failed`: it is damaged.
 */
export async function unpackSnapshot(cluster: Cluster, backup: StoredBackup): Promise<void> {
  const content = await readChecked(backup)
  const fresh = join(cluster.folder, 'data.new')
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  await own(fresh, cluster.identity)
  try {
    const unpack = extract({ cwd: fresh, strict: true, preserveOwner: false, ...cluster.identity })
    const data = Readable.from(content, { objectMode: false })
    await pipeline(data, unpack, { signal: backup.signal })
  } catch (cause) {
    if (!hasCode(cause, 'ENOSPC', 'EDQUOT')) throw cause
    throw new FairwayError(
      'disk_full',
      'The disk has no room for the restored data. Free space, then try again.',
      {
        cause,
      },
    )
  }
  await rename(fresh, cluster.dataDirectory)
}

/**
 * The content of a stored backup, decompressed, after reading all of it once to compare its checksum: nothing damaged
 * is ever unpacked, and an error while unpacking is not the backup's. `restore_failed`: it is damaged.
 */
export async function readChecked({
  storage,
  record,
  signal,
}: StoredBackup): Promise<AsyncIterable<Uint8Array>> {
  const hash = createHash('sha256')
  for await (const chunk of await storage.read(record.key)) {
    signal.throwIfAborted()
    hash.update(chunk)
  }
  if (hash.digest('hex') === record.sha256) return decompress(await storage.read(record.key))
  throw new FairwayError(
    'restore_failed',
    'The backup is damaged: its checksum differs. Restore another one.',
  )
}
