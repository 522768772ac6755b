import { execFile } from 'node:child_process'
import { readdir, readlink, realpath, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { hasCode } from '../has-code.ts'
import { readIfThere } from '../read-if-there.ts'

/** What `postmaster.pid` of a data directory says, when its process is really a postgres of that directory. */
export type Postmaster = { pid: number; port: number; ready: boolean }

type Recorded = { pid: number; port: number; status: string }

/** The live postmaster of a data directory, or undefined. A lock file left by a dead one does not count. */
export async function findPostmaster(dataDirectory: string): Promise<Postmaster | undefined> {
  const recorded = await readPidFile(dataDirectory)
  if (recorded === undefined || !(await servesDirectory(recorded.pid, dataDirectory))) return undefined
  return { pid: recorded.pid, port: recorded.port, ready: recorded.status === 'ready' }
}

async function readPidFile(dataDirectory: string): Promise<Recorded | undefined> {
  const text = await readIfThere(join(dataDirectory, 'postmaster.pid'))
  const lines = text?.split('\n') ?? []
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(lines[3] ?? 0), status: lines[7]?.trim() ?? '' }
}

/** A process id may have been given to another program since: the command and its directory must match. */
async function servesDirectory(pid: number, dataDirectory: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  if (process.platform !== 'linux') return commandNames(pid, dataDirectory)
  const command = await readIfThere(`/proc/${pid}/cmdline`)
  if (basename(command?.split('\0')[0] ?? '') !== 'postgres') return false
  return (await workingDirectory(pid)) === (await realpath(dataDirectory))
}

async function commandNames(pid: number, dataDirectory: string): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])
  return stdout.includes('postgres') && stdout.includes(dataDirectory)
}

/** Whether the process exists and is not a zombie that nobody has collected. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

/**
 * Removes the lock file of a postmaster that is dead but never collected by its parent (a container whose first process
 * does not reap): postgres itself would take the zombie for alive. Only when no process works in the directory any more.
 */
export async function clearDeadLock(dataDirectory: string): Promise<void> {
  if (process.platform !== 'linux') return
  const recorded = await readPidFile(dataDirectory)
  if (recorded === undefined || !(await isZombie(recorded.pid))) return
  if (await anyoneWorksIn(dataDirectory)) return
  await rm(join(dataDirectory, 'postmaster.pid'), { force: true })
}

async function isZombie(pid: number): Promise<boolean> {
  const status = await readIfThere(`/proc/${pid}/stat`)
  return status?.slice(status.lastIndexOf(')') + 2).startsWith('Z') ?? false
}

/** Whether any process has the directory as its working directory: the postmaster and all its children do. */
export async function anyoneWorksIn(dataDirectory: string): Promise<boolean> {
  const target = await realpath(dataDirectory)
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const folders = await Promise.all(pids.map((pid) => workingDirectory(Number(pid))))
  return folders.includes(target)
}

async function workingDirectory(pid: number): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/cwd`)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ESRCH', 'EPERM')) return undefined
    throw error
  }
}
