import { readdir, readFile } from 'node:fs/promises'
import { hasCode } from '../../lib/has-code.ts'

/**
 * Kills what a build left running, found by its HOME, which no other process has: it also finds what left its process
 * group and what outlived a killed server. `home` may be a folder that holds the homes. Does nothing where the system
 * shows no process table.
 */
export async function killProcessesAtHome(home: string): Promise<void> {
  for (const pid of await processIds()) {
    const environment = await readEnvironment(pid)
    if (environment.some((entry) => entry === `HOME=${home}` || entry.startsWith(`HOME=${home}/`)))
      killOne(pid)
  }
}

async function processIds(): Promise<number[]> {
  try {
    return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

async function readEnvironment(pid: number): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
  } catch (error) {
    // Gone meanwhile, or of another user: not ours.
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return []
    throw error
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error
  }
}
