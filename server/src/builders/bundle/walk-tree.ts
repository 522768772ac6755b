import { lstat, readdir, readlink } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'

/** One thing in a tree; `path` is relative to its root, with `/`. */
export type TreeEntry =
  | { type: 'file'; path: string; executable: boolean; size: number }
  | { type: 'directory'; path: string }
  | { type: 'link'; path: string; target: string }

/**
 * Everything below a directory except the paths in `leaveOut`, in a fixed order. A link that leaves the tree, or anything that is neither file,
 * directory nor link, raises `invalid_path`.
 */
export async function* walkTree(
  root: string,
  leaveOut: readonly string[] = [],
  below = '',
): AsyncGenerator<TreeEntry> {
  const names = await readdir(join(root, below))
  // By code unit, so that no locale changes a digest.
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    const path = below === '' ? name : `${below}/${name}`
    if (leaveOut.includes(path)) continue
    const entry = await entryOf(root, path)
    yield entry
    if (entry.type === 'directory') yield* walkTree(root, leaveOut, path)
  }
}

async function entryOf(root: string, path: string): Promise<TreeEntry> {
  const full = join(root, path)
  const stat = await lstat(full)
  if (stat.isDirectory()) return { type: 'directory', path }
  if (stat.isFile()) return { type: 'file', path, executable: (stat.mode & 0o100) !== 0, size: stat.size }
  if (!stat.isSymbolicLink()) {
    throw new FairwayError('invalid_path', `"${path}" is neither a file nor a folder nor a link. Remove it.`)
  }
  const target = await readlink(full)
  if (!isAbsolute(target) && isInside(root, resolve(dirname(full), target)))
    return { type: 'link', path, target }
  throw new FairwayError('invalid_path', `The link "${path}" leads out of the build context. Remove it.`)
}

export const isInside = (root: string, path: string): boolean => path === root || path.startsWith(`${root}/`)
