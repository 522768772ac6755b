import { setTimeout as pause } from 'node:timers/promises'
import { processesIn } from './cgroups.ts'
import { processesOf, signal, statOf } from './proc.ts'

const STEP_MS = 10
const KILL_DEADLINE_MS = 10_000

/** The processes of one instance: those of its session and those of its control groups. The shim is the session's leader. */
export function membersOf(shim: number, cgroups: readonly string[]): number[] {
  const grouped = processesIn(cgroups).filter((pid) => statOf(pid)?.state !== 'Z')
  return [...new Set([...processesOf(shim).map(({ pid }) => pid), ...grouped])]
}

/**
 * SIGTERM to every process, then SIGKILL to what is left after `graceMs`. The shim is spared while anything else
 * lives, so that it can write the exit status, and after that while it holds the last lines for the log collector.
 * Resolves when nothing else is left.
 */
export async function stopTree(
  { shim, cgroups, isExitKnown }: { shim: number; cgroups: readonly string[]; isExitKnown(): boolean },
  graceMs: number,
): Promise<void> {
  const others = (): number[] => membersOf(shim, cgroups).filter((pid) => pid !== shim)
  for (const pid of others()) signal(pid, 'SIGTERM')
  await until(() => others().length === 0, graceMs)
  await killAll(others)
  if (await until(() => isExitKnown() || !isAlive(shim), 2000)) return
  signal(shim, 'SIGKILL')
  await until(() => !isAlive(shim), KILL_DEADLINE_MS)
}

/** SIGKILL to whatever is there, also to what appears meanwhile, until nothing is. */
export async function killAll(members: () => readonly number[]): Promise<void> {
  const deadline = performance.now() + KILL_DEADLINE_MS
  for (let left = members(); left.length > 0 && performance.now() < deadline; left = members()) {
    for (const pid of left) signal(pid, 'SIGKILL')
    await pause(STEP_MS)
  }
}

function isAlive(pid: number): boolean {
  const stat = statOf(pid)
  return stat !== undefined && stat.state !== 'Z'
}

async function until(condition: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() >= end) return false
    await pause(STEP_MS)
  }
  return true
}
