import { join } from 'node:path'
import { readIfThere } from '../../lib/read-if-there.ts'

/** In the order in which they count when a repository has several. */
export const LOCK_FILES = [
  'package-lock.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'bun.lockb',
] as const

export type LockFile = (typeof LOCK_FILES)[number]

/** Texts of the lock files of a folder. */
export type LockFiles = Readonly<Partial<Record<LockFile, string>>>

/** The lock files beside a package.json. */
export async function readLockFiles(folder: string): Promise<LockFiles> {
  const found: Partial<Record<LockFile, string>> = {}
  for (const name of LOCK_FILES) {
    const text = await readIfThere(join(folder, name))
    if (text !== undefined) found[name] = text
  }
  return found
}
