import { readFile } from 'node:fs/promises'
import { hasCode } from './has-code.ts'

/** The text of a file. Undefined when there is none: it is absent, a folder, or of a process that has ended. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ESRCH')) return undefined
    throw error
  }
}
