import { createHash } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FairwayError } from '@fairway/contract/errors'
import { extract } from 'tar'
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

/**
 * Unpacks a snapshot as the cluster's data directory, which appears only when the whole backup was read and its
 * checksum was right. `restore_failed`: it is damaged.
 */
export async function unpackSnapshot(
  cluster: Cluster,
  { storage, record, signal }: { storage: BackupStorage; record: BackupRecord; signal: AbortSignal },
): Promise<void> {
  const fresh = join(cluster.folder, 'data.new')
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  await own(fresh, cluster.identity)
  const measured = measure(await storage.read(record.key))
  await extractInto(cluster, { fresh, data: measured.data, signal })
  for await (const _ of measured.data) signal.throwIfAborted()
  if (measured.result().sha256 !== record.sha256) throw damaged('its checksum differs')
  await rename(fresh, cluster.dataDirectory)
}

async function extractInto(
  { identity }: Cluster,
  { fresh, data, signal }: { fresh: string; data: AsyncIterable<Uint8Array>; signal: AbortSignal },
): Promise<void> {
  const unpack = extract({ cwd: fresh, strict: true, preserveOwner: false, ...identity })
  try {
    await pipeline(Readable.from(await decompress(data), { objectMode: false }), unpack, { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw damaged('it cannot be unpacked', cause)
  }
}

const damaged = (how: string, cause?: unknown): FairwayError =>
  new FairwayError('restore_failed', `The backup is damaged: ${how}. Restore another one.`, { cause })
