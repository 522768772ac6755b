import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'
import type { BackupStorage } from '../../reconcile/addon-port.ts'

/**
 * Backups as files below a folder. A file appears under its name only when it is whole and on the disk. Errors:
 * `disk_full`, `backup_failed` (cannot write), `restore_failed` (not there).
 */
export function createFolderStorage(folder: string): BackupStorage {
  const pathOf = (key: string): string => join(folder, checkKey(key))
  return {
    write: (key, data) => writeWhole(pathOf(key), data),
    async read(key) {
      const path = pathOf(key)
      if (!(await isThere(path)))
        throw new FairwayError('restore_failed', 'The backup is not in its storage any more.', {
          detail: path,
        })
      return createReadStream(path)
    },
    async remove(key) {
      await rm(pathOf(key), { force: true })
      await rm(partOf(pathOf(key)), { force: true })
    },
    exists: (key) => isThere(pathOf(key)),
  }
}

/** Keys come from ids, but a path is never built from anything else. */
export function checkKey(key: string): string {
  const parts = key.split('/')
  const sound = parts.every((part) => /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(part))
  if (!sound)
    throw new FairwayError('invalid_path', 'A backup key holds letters, digits, dots and dashes only.')
  return key
}

const partOf = (path: string): string => `${path}.part`

async function writeWhole(path: string, data: AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number }> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const sizeBytes = await writeSynced(partOf(path), data)
    await rename(partOf(path), path)
    await syncFolder(dirname(path))
    return { sizeBytes }
  } catch (error) {
    await rm(partOf(path), { force: true })
    throw readable(error)
  }
}

async function writeSynced(path: string, data: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, 'w', 0o600)
  try {
    let sizeBytes = 0
    for await (const chunk of data) {
      await file.writeFile(chunk)
      sizeBytes += chunk.length
    }
    await file.sync()
    return sizeBytes
  } finally {
    await file.close()
  }
}

/** The new name itself must survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function readable(error: unknown): unknown {
  if (hasCode(error, 'ENOSPC', 'EDQUOT'))
    return new FairwayError(
      'disk_full',
      'The disk of the backup folder is full. Free space, then try again.',
      {
        cause: error,
      },
    )
  if (hasCode(error, 'EACCES', 'EROFS', 'EPERM', 'ENOTDIR'))
    return new FairwayError('backup_failed', 'The backup folder cannot be written. Check its permissions.', {
      cause: error,
    })
  return error
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
