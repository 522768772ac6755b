import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A running server, as its own pid file and the kernel tell. */
export type Postmaster = { pid: number; port: number }

/** The live postmaster of a data folder, or undefined: a pid that is gone, a zombie, or another program's is none. */
export function findPostmaster(dataFolder: string): Postmaster | undefined {
  const lines = readLines(join(dataFolder, 'postmaster.pid'))
  if (lines === undefined) return undefined
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  if (!(pid > 0 && port > 0) || !isPostmaster(pid, dataFolder)) return undefined
  return { pid, port }
}

function isPostmaster(pid: number, dataFolder: string): boolean {
  const words = readFileOf(`/proc/${pid}/cmdline`)?.split('\0')
  if (words === undefined) return alive(pid)
  return (words[0]?.endsWith('postgres') ?? false) && words.includes(dataFolder)
}

/** Where there is no /proc, being alive has to do. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const readLines = (path: string): string[] | undefined => readFileOf(path)?.split('\n')

function readFileOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}
