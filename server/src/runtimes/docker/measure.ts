import { readFileSync } from 'node:fs'
import type Docker from 'dockerode'
import { hasCode } from '../../lib/has-code.ts'
import type { InstanceStats } from '../../reconcile/runtime-port.ts'

/** Processor time that was used up to a moment. */
export type Usage = { nanoseconds: number; at: number }

/** What a container uses; processor time since `last`, nothing without one. Pure. */
export function statsOf(
  { cpu_stats, memory_stats, pids_stats }: Docker.ContainerStats,
  last: Usage | undefined,
  at: number,
): { stats: InstanceStats; usage: Usage } {
  const nanoseconds = cpu_stats.cpu_usage.total_usage
  // Nanoseconds of work in a millisecond, over a thousand: thousandths of a core.
  const cpuMillis =
    last === undefined || at <= last.at ? 0 : (nanoseconds - last.nanoseconds) / (at - last.at) / 1000
  const { usage = 0, stats } = memory_stats
  // Files that were read and are still in memory can be dropped at any time: nobody is short of them.
  const files = stats?.inactive_file ?? stats?.total_inactive_file ?? 0
  return {
    stats: {
      cpuMillis: Math.max(0, cpuMillis),
      memoryBytes: Math.max(0, usage - files),
      processes: pids_stats?.current ?? 0,
    },
    usage: { nanoseconds, at },
  }
}

/**
 * The TCP ports that are listened on in the network of this process, as the host sees it. Empty where this process
 * does not see the container's (it is in one itself), so that no stranger's ports are told.
 */
export function listeningPortsOf(containerId: string, pid: number): number[] {
  if (!read(`/proc/${pid}/cgroup`).includes(containerId)) return []
  const ports = ['tcp', 'tcp6'].flatMap((table) => listeners(read(`/proc/${pid}/net/${table}`)))
  return [...new Set(ports)].sort((a, b) => a - b)
}

const LISTEN = '0A'
/** 127.0.0.11: the engine's own name server within the container. */
const NAME_SERVER = '0B00007F'

/** Of one table of the kernel. Pure. */
export function listeners(table: string): number[] {
  return table
    .trim()
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/)
      const [address, port = ''] = (fields[1] ?? '').split(':')
      return fields[3] === LISTEN && address !== NAME_SERVER ? [Number.parseInt(port, 16)] : []
    })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EINVAL', 'EACCES')) return '' // It ended while we looked, or is not seen.
    throw error
  }
}
