import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { walkTree } from './walk-tree.ts'

/** The digest of a tree's paths, executable bits, contents and links, as `sha256:<hex>`, and its size in bytes. */
export async function digestTree(
  root: string,
  signal: AbortSignal,
): Promise<{ digest: string; sizeBytes: number }> {
  const tree = createHash('sha256')
  let sizeBytes = 0
  for await (const entry of walkTree(root)) {
    signal.throwIfAborted()
    // JSON keeps the parts apart whatever characters a name holds.
    if (entry.type === 'file') {
      sizeBytes += entry.size
      const content = await digestFile(join(root, entry.path))
      tree.update(`${JSON.stringify(['file', entry.path, entry.executable, content])}\n`)
    } else if (entry.type === 'link') {
      tree.update(`${JSON.stringify(['link', entry.path, entry.target])}\n`)
    } else {
      tree.update(`${JSON.stringify(['directory', entry.path])}\n`)
    }
  }
  return { digest: `sha256:${tree.digest('hex')}`, sizeBytes }
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
