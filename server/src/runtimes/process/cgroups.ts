import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessLimits } from '@fairway/contract/resources/shapes'
import { isAbsent, readIfThere } from './instance-folder.ts'

/** How this machine lets us limit processes: one tree (version 2), one a controller (version 1), or not at all. */
export type CgroupTree =
  | { version: 2; root: string }
  | { version: 1; cpu: string | undefined; memory: string | undefined }
  | { version: 0; reason: string }

const MOUNT = '/sys/fs/cgroup'

/** Finds out once what can be written here. */
export function detectCgroups(mount = MOUNT): CgroupTree {
  if (existsSync(join(mount, 'cgroup.controllers'))) return detectUnified(mount)
  const cpu = writableController(join(mount, 'cpu'))
  const memory = writableController(join(mount, 'memory'))
  if (cpu !== undefined || memory !== undefined) return { version: 1, cpu, memory }
  return { version: 0, reason: 'Fairway may not write to the control groups of this machine' }
}

function detectUnified(mount: string): CgroupTree {
  try {
    const root = join(mount, 'fairway')
    mkdirSync(root, { recursive: true })
    writeFileSync(join(mount, 'cgroup.subtree_control'), '+cpu +memory')
    writeFileSync(join(root, 'cgroup.subtree_control'), '+cpu +memory')
    return { version: 2, root }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { version: 0, reason: `the control groups of this machine cannot be written (${code ?? error})` }
  }
}

function writableController(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK)
    const root = join(folder, 'fairway')
    mkdirSync(root, { recursive: true })
    return root
  } catch (error) {
    if (
      isAbsent(error) ||
      ['EACCES', 'EROFS', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
    ) {
      return undefined
    }
    throw error
  }
}

const CPU_PERIOD_US = 100_000

/** Makes the groups of one instance, named by `machineName`; answers the folders. */
export function createCgroups(tree: CgroupTree, name: string, limits: ProcessLimits): string[] {
  if (tree.version === 0) return []
  if (tree.version === 2) return [unifiedGroup(join(tree.root, name), limits)]
  const { cpu, memory } = tree
  return [
    ...(cpu === undefined ? [] : [cpuGroup(join(cpu, name), limits)]),
    ...(memory === undefined ? [] : [memoryGroup(join(memory, name), limits)]),
  ]
}

function unifiedGroup(folder: string, { cpuMillis, memoryMb }: ProcessLimits): string {
  mkdirSync(folder, { recursive: true })
  if (cpuMillis !== undefined) write(folder, 'cpu.max', `${quotaUs(cpuMillis)} ${CPU_PERIOD_US}`)
  if (memoryMb !== undefined) write(folder, 'memory.max', String(memoryMb * 1024 * 1024))
  return folder
}

function cpuGroup(folder: string, { cpuMillis }: ProcessLimits): string {
  mkdirSync(folder, { recursive: true })
  if (cpuMillis !== undefined) {
    write(folder, 'cpu.cfs_period_us', String(CPU_PERIOD_US))
    write(folder, 'cpu.cfs_quota_us', String(quotaUs(cpuMillis)))
  }
  return folder
}

function memoryGroup(folder: string, { memoryMb }: ProcessLimits): string {
  mkdirSync(folder, { recursive: true })
  if (memoryMb !== undefined) write(folder, 'memory.limit_in_bytes', String(memoryMb * 1024 * 1024))
  return folder
}

const quotaUs = (cpuMillis: number): number => Math.max(1000, Math.round((cpuMillis * CPU_PERIOD_US) / 1000))

const write = (folder: string, file: string, value: string): void => writeFileSync(join(folder, file), value)

/** Whether the kernel killed something in the groups for using too much memory. */
export function wasOutOfMemory(folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const text =
      readIfThere(join(folder, 'memory.events')) ?? readIfThere(join(folder, 'memory.oom_control')) ?? ''
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0
  })
}

/** Removes empty groups; one that a process has not left yet is taken by the next sweep. */
export function removeCgroups(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder)
    } catch (error) {
      if (!isAbsent(error) && (error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    }
  }
}

/** Every process in the groups, also those that left the session. */
export function processesIn(folders: readonly string[]): number[] {
  const pids = folders.flatMap((folder) => lines(join(folder, 'cgroup.procs')).map(Number))
  return [...new Set(pids)]
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean)
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}
