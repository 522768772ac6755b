import { existsSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAbsent } from './instance-folder.ts'
import { killAll, programsOf, type Tree } from './stop.ts'

/**
 * Ends what an instance left behind when it ended: children that went their own way, or all of it when its shim was
 * killed. An exit that the shim could not write is written as lost. Done once; may be repeated.
 */
export async function settleExit(tree: Tree): Promise<void> {
  const settled = join(tree.folder, 'settled')
  if (existsSync(settled)) return
  await killAll(() => programsOf(tree))
  try {
    const exit = join(tree.folder, 'exit')
    if (!existsSync(exit)) {
      await writeFile(`${exit}.lost`, 'lost')
      await rename(`${exit}.lost`, exit)
    }
    await writeFile(settled, '')
  } catch (error) {
    if (!isAbsent(error)) throw error // Removed meanwhile, or settled by another look at the same time.
  }
}
