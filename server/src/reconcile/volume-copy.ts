import { createHash } from 'node:crypto'
import { pipeline, Readable } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'
import { FairwayError } from '@fairway/contract/errors'
import type { StoredVolumeBackup } from '../db/volume-backups.ts'
import { type TarManifest, tarManifest, watchTar } from '../lib/tar-manifest.ts'
import type { BackupStorage } from './addon-port.ts'
import type { VolumeStore } from './volume-port.ts'

/** Readings of a volume that somebody writes to, until two in a row are the same. */
const READINGS = 3

/** Light: backups are mostly limited by the disk, and by what else the processor has to do. */
const GZIP_LEVEL = 3

type Stored = { storage: BackupStorage; key: string }

/**
 * Stores everything on a disk as a tar.gz. The disk is read twice, and the result counts only when both readings saw the
 * same: then there was a moment at which the files were as they are in the backup. `backup_failed`: it never was.
 */
export async function backUp(
  store: VolumeStore,
  disk: string,
  { storage, key, signal }: Stored & { signal: AbortSignal },
): Promise<StoredVolumeBackup> {
  let before = await tarManifest(await store.export(disk, signal))
  for (let reading = 0; reading < READINGS; reading += 1) {
    const tar = watchTar(await store.export(disk, signal))
    const stored = measure(through(tar.data, createGzip({ level: GZIP_LEVEL })))
    await storage.write(key, stored.data)
    const manifest = await tar.manifest()
    if (isSame(before, manifest)) return { key, ...stored.result(), manifest }
    await storage.remove(key)
    before = manifest
  }
  throw changing('backup_failed')
}

/** Fills an empty disk from a backup. `restore_failed`: what came out of it is not what went in. */
export async function restore(
  store: VolumeStore,
  disk: string,
  backup: { storage: BackupStorage; record: StoredVolumeBackup; signal: AbortSignal },
): Promise<TarManifest> {
  const { storage, record, signal } = backup
  const stored = measure(await storage.read(record.key))
  const tar = watchTar(through(stored.data, createGunzip()))
  await checked(
    () => stored.result().sha256 === record.sha256,
    async () => {
      await store.import(disk, tar.data, signal)
      await tar.manifest()
    },
  )
  return requireCopy(store, disk, { wanted: record.manifest, signal })
}

/** Fills an empty disk from another one, which is read again afterwards: see `backUp`. */
export async function clone(
  store: VolumeStore,
  { from, to, signal }: { from: string; to: string; signal: AbortSignal },
): Promise<TarManifest> {
  const tar = watchTar(await store.export(from, signal))
  await store.import(to, tar.data, signal)
  const copied = await tar.manifest()
  if (!isSame(copied, await tarManifest(await store.export(from, signal)))) throw changing('restore_failed')
  return requireCopy(store, to, { wanted: copied, signal })
}

/** Reads a disk back before anyone may use it. */
async function requireCopy(
  store: VolumeStore,
  disk: string,
  { wanted, signal }: { wanted: TarManifest | undefined; signal: AbortSignal },
): Promise<TarManifest> {
  const found = await tarManifest(await store.export(disk, signal))
  if (wanted !== undefined && isSame(found, wanted)) return found
  throw new FairwayError(
    'restore_failed',
    'The files on the new volume are not those of its source, so it is not used. Try again.',
    { detail: JSON.stringify({ wanted, found }) },
  )
}

const isSame = (a: TarManifest, b: TarManifest): boolean => a.sha256 === b.sha256

const changing = (code: 'backup_failed' | 'restore_failed'): FairwayError =>
  new FairwayError(
    code,
    'Files of the volume changed while they were read. Pause the service that writes them, then try again.',
  )

/** A damaged backup breaks the unpacking in many ways; the checksum of what was read says that it was the backup. */
async function checked(isWhole: () => boolean, work: () => Promise<void>): Promise<void> {
  let failure: unknown
  try {
    await work()
    if (isWhole()) return
  } catch (error) {
    if (error instanceof FairwayError || !isDamage(error)) throw error
    failure = error
  }
  throw new FairwayError(
    'restore_failed',
    'The backup is damaged: its checksum differs. Restore another one.',
    { cause: failure },
  )
}

/** What zlib says of bytes that are not its own, and ours of a tar that is none. */
const isDamage = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error && String(error.code).startsWith('Z_')) || /tar|unexpected end/i.test(error.message))

function measure(data: AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256')
  let sizeBytes = 0
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const chunk of data) {
      hash.update(chunk)
      sizeBytes += chunk.length
      yield chunk
    }
  }
  return { data: measured(), result: () => ({ sizeBytes, sha256: hash.copy().digest('hex') }) }
}

/** An error of the source ends the result, and giving the result up ends the source. */
function through(
  data: AsyncIterable<Uint8Array>,
  transform: ReturnType<typeof createGzip> | ReturnType<typeof createGunzip>,
): AsyncIterable<Uint8Array> {
  // The reader of the result meets the error; nothing else is to be done about it here.
  return pipeline(Readable.from(data, { objectMode: false }), transform, () => undefined)
}
