import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { processesIn } from './cgroups.ts'
import { hasEnvironmentEntry, isAlive, isShim, liveProcesses, signal, statOf } from './proc.ts'

/** How the processes of one instance are found. */
export type Tree = {
  /** Leads their session; runs the program. */
  shim: number
  /** The instance's folder. */
  folder: string
  cgroups: readonly string[]
  /** `NAME=value`, in the environment of all of them. */
  marker: string
}

const STEP_MS = 10
const KILL_DEADLINE_MS = 10_000

/**
 * The live processes of one instance, the shim too. Control groups hold all of them; without, they are those of the
 * shim's session and those with the marker, which takes a look at every process of the machine.
 */
export function membersOf(tree: Tree): number[] {
  const grouped = processesIn(tree.cgroups).filter(isAlive)
  if (grouped.includes(tree.shim)) return grouped
  // Once the shim is gone, another program may lead a session of that id.
  const ownsSession = isShim(tree.shim, tree.folder)
  const found = liveProcesses().filter(
    ({ pid, session }) => (ownsSession && session === tree.shim) || hasEnvironmentEntry(pid, tree.marker),
  )
  return [...new Set([...grouped, ...found.map(({ pid }) => pid)])]
}

/** Without the shim and, once the program has ended, without the tools that the shim runs to note that. */
export function programsOf(tree: Tree): number[] {
  const hasEnded = ['exit.new', 'exit'].some((name) => existsSync(join(tree.folder, name)))
  return membersOf(tree).filter(
    (pid) => pid !== tree.shim && !(hasEnded && statOf(pid)?.parent === tree.shim),
  )
}

/**
 * SIGTERM to every process, then SIGKILL to what is left after `graceMs`. The shim is spared while anything else
 * lives, so that it can write the exit status, and after that while it holds the last lines for the log collector.
 * Resolves when nothing else is left.
 */
export async function stopTree(tree: Tree, graceMs: number): Promise<void> {
  for (const pid of programsOf(tree)) signal(pid, 'SIGTERM')
  await until(() => programsOf(tree).length === 0, graceMs)
  await killAll(() => programsOf(tree))
  const isExitKnown = (): boolean => existsSync(join(tree.folder, 'exit'))
  if (await until(() => isExitKnown() || !isAlive(tree.shim), 2000)) return
  signal(tree.shim, 'SIGKILL')
  await until(() => !isAlive(tree.shim), KILL_DEADLINE_MS)
}

/** SIGKILL to whatever is there, also to what appears meanwhile, until nothing is. */
export async function killAll(members: () => readonly number[]): Promise<void> {
  const deadline = performance.now() + KILL_DEADLINE_MS
  for (let left = members(); left.length > 0 && performance.now() < deadline; left = members()) {
    for (const pid of left) signal(pid, 'SIGKILL')
    await pause(STEP_MS)
  }
}

async function until(condition: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() >= end) return false
    await pause(STEP_MS)
  }
  return true
}
