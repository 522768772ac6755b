import { setTimeout as pause } from 'node:timers/promises'
import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import { hasCode } from '../../lib/has-code.ts'
import { hasEnvironmentEntry, liveProcesses, signal } from '../process/proc.ts'

/** In the environment of a command that runs beside an instance, and of everything it starts. */
export const EXEC_MARKER = 'FAIRWAY_EXEC'

/** The engine cannot end a command that it runs in a container. This does, with everything the command started. */
export async function killMarked(container: Docker.Container, marker: string): Promise<void> {
  if (await killFromHost(marker)) return
  // This process sees no processes of the host, or may not end them: it is in a container itself, or not root.
  if (!(await killFromWithin(container, marker)))
    throw new FairwayError(
      'runtime_failed',
      'The command could not be ended: the image has no shell to do it with. Restart the instance to end it.',
    )
}

const DEADLINE_MS = 5_000

/** Whether any was seen. Repeated until none is left: what is being started while we look is not missed. */
async function killFromHost(marker: string): Promise<boolean> {
  const until = performance.now() + DEADLINE_MS
  for (let seen = false; ; seen = true) {
    const marked = liveProcesses().filter(({ pid }) => hasEnvironmentEntry(pid, marker))
    if (marked.length === 0) return seen
    if (!marked.every(({ pid }) => tryKill(pid)) || performance.now() > until) return false
    await pause(5)
  }
}

function tryKill(pid: number): boolean {
  try {
    signal(pid, 'SIGKILL')
    return true
  } catch (error) {
    if (hasCode(error, 'EPERM')) return false
    throw error
  }
}

const SCRIPT = `for p in /proc/[0-9]*; do if tr '\\0' '\\n' <"$p/environ" 2>/dev/null | grep -qx "$0"; then kill -9 "\${p#/proc/}"; fi; done; true`

/** Whether the container could do it itself. The marker is no secret, so it may be an argument. */
async function killFromWithin(container: Docker.Container, marker: string): Promise<boolean> {
  const exec = await container.exec({
    Cmd: ['sh', '-c', SCRIPT, marker],
    User: '0',
    AttachStdout: true,
    AttachStderr: true,
  })
  const output = await exec.start({})
  for await (const _ of output); // Read to its end, which is the command's.
  const { ExitCode } = await exec.inspect()
  return ExitCode === 0
}
