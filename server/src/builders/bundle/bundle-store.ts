import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../../lib/has-code.ts'
import { walkTree } from './walk-tree.ts'

const DIGEST = /^sha256:([0-9a-f]{64})$/

/** Finished bundles by digest, read-only, at `<root>/sha256/<hex>`. */
export type BundleStore = {
  /** Takes a finished tree over by renaming it; what is there already stays. */
  keep(tree: string, digest: string): Promise<void>
  locate(digest: string): Promise<{ kind: 'bundle'; digest: string; path: string } | undefined>
  collect(keep: ReadonlySet<string>): Promise<string[]>
}

export function createBundleStore(root: string, staging: string): BundleStore {
  const folder = join(root, 'sha256')
  const pathOf = (digest: string): string | undefined => {
    const hex = DIGEST.exec(digest)?.[1]
    return hex === undefined ? undefined : join(folder, hex)
  }
  return {
    keep: async (tree, digest) => {
      const path = pathOf(digest)
      if (path === undefined) throw new Error(`not a digest: ${digest}`)
      await mkdir(folder, { recursive: true })
      await renameUnlessThere(tree, path)
      // Also what is there already: a server killed between the two steps left it writable.
      await makeReadOnly(path)
    },
    locate: async (digest) => {
      const path = pathOf(digest)
      return path !== undefined && (await exists(path)) ? { kind: 'bundle', digest, path } : undefined
    },
    collect: async (keep) => {
      const gone: string[] = []
      for (const hex of await namesIn(folder)) {
        const digest = `sha256:${hex}`
        if (!DIGEST.test(digest) || keep.has(digest)) continue
        await removeTree(join(folder, hex), join(staging, `removed-${hex}`))
        gone.push(digest)
      }
      return gone
    },
  }
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!hasCode(error, 'EEXIST', 'ENOTEMPTY')) throw error
  }
}

async function makeReadOnly(root: string): Promise<void> {
  for await (const entry of walkTree(root)) {
    if (entry.type === 'link') continue
    const executable = entry.type === 'directory' || entry.executable
    await chmod(join(root, entry.path), executable ? 0o555 : 0o444)
  }
  await chmod(root, 0o555)
}

/** Takes the tree away in one step first, so that half a bundle is never found. */
async function removeTree(path: string, aside: string): Promise<void> {
  await chmod(path, 0o755)
  await mkdir(join(aside, '..'), { recursive: true })
  await rm(aside, { recursive: true, force: true })
  await rename(path, aside)
  await removeReadOnly(aside)
}

/** Removes a tree whose folders may be read-only. */
export async function removeReadOnly(path: string): Promise<void> {
  await makeWritable(path)
  await rm(path, { recursive: true, force: true, maxRetries: 3 })
}

async function makeWritable(path: string): Promise<void> {
  await chmod(path, 0o755)
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(path, entry.name))
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
