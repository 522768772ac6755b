import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { hasCode } from './has-code.ts'

export type DetachedCommand = {
  program: string
  args: readonly string[]
  cwd: string
  out: string
  errors: string
}

/**
 * Starts a program in a session of its own, so that it outlives us; what it prints is appended to files. Rejects when
 * the program cannot be started. `exited` settles if it ends while we still live.
 */
export async function startDetached(
  command: DetachedCommand,
): Promise<{ pid: number; exited: Promise<unknown> }> {
  const out = await open(command.out, 'a', 0o640)
  const errors = await open(command.errors, 'a', 0o640)
  try {
    const child = spawn(command.program, command.args, {
      cwd: command.cwd,
      detached: true,
      stdio: ['ignore', out.fd, errors.fd],
    })
    await once(child, 'spawn')
    child.unref()
    return { pid: child.pid ?? 0, exited: once(child, 'exit') }
  } finally {
    await Promise.all([out.close(), errors.close()])
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false
    if (hasCode(error, 'EPERM')) return true
    throw error
  }
}
