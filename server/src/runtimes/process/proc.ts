import { readdirSync, readlinkSync } from 'node:fs'
import { hasCode } from '../../lib/has-code.ts'
import { isAbsent, readIfThere } from './instance-folder.ts'

/** What /proc tells of one process. Times in clock ticks (100 a second on Linux). */
export type ProcessStat = { pid: number; state: string; parent: number; session: number; ticks: number }

/** Undefined when the process is gone. */
export function statOf(pid: number): ProcessStat | undefined {
  const text = readIfThere(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The name may hold anything, so what follows it is counted from its closing parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return {
    pid,
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    session: Number(fields[3]),
    ticks: Number(fields[11]) + Number(fields[12]),
  }
}

/** Whether the process is the shim of that instance folder, not another program under a recycled id. */
export function isShim(pid: number, folder: string): boolean {
  const stat = statOf(pid)
  if (stat === undefined || stat.state === 'Z') return false
  return readIfThere(`/proc/${pid}/cmdline`)?.split('\0').includes(folder) ?? false
}

/** One that only waits for its parent is not alive. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid)
  return stat !== undefined && stat.state !== 'Z'
}

/** Every process that runs on this machine. */
export function liveProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? [])
    .filter((stat) => stat.state !== 'Z')
}

/** Every live process of a session: the shim, the program, and whatever it started that did not leave the session. */
export const processesOf = (session: number): ProcessStat[] =>
  liveProcesses().filter((stat) => stat.session === session)

/** Whether a process was started with this entry (`NAME=value`) in its environment. */
export function hasEnvironmentEntry(pid: number, entry: string): boolean {
  try {
    return readIfThere(`/proc/${pid}/environ`)?.split('\0').includes(entry) ?? false
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM')) return false // Of another user, so not ours.
    throw error
  }
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const pages = Number(readIfThere(`/proc/${pid}/statm`)?.split(' ')[1] ?? 0)
  return pages * 4096
}

/** Sends a signal; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Ports that these processes listen on, from the kernel's tables: to say what a wrong port could have been. */
export function listeningPorts(pids: readonly number[]): number[] {
  const inodes = new Set(pids.flatMap(socketInodes))
  const ports = ['tcp', 'tcp6'].flatMap((table) => listeners(table, inodes))
  return [...new Set(ports)].sort((a, b) => a - b)
}

const LISTEN = '0A'

function listeners(table: string, inodes: ReadonlySet<string>): number[] {
  const lines = readIfThere(`/proc/net/${table}`)?.trim().split('\n').slice(1) ?? []
  return lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    if (fields[3] !== LISTEN || !inodes.has(fields[9] ?? '')) return []
    return [Number.parseInt(fields[1]?.split(':').at(-1) ?? '', 16)]
  })
}

function socketInodes(pid: number): string[] {
  return descriptors(pid).flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [])
}

function descriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
  } catch (error) {
    if (isAbsent(error) || hasCode(error, 'EACCES', 'EPERM')) return []
    throw error
  }
}

function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)]
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}
