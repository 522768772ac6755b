import { constants, setPriority } from 'node:os'
import { FairwayError } from '@fairway/contract/errors'
import { execa } from 'execa'
import { hasCode } from '../../lib/has-code.ts'
import { killProcessesAtHome } from './leftover-processes.ts'

export type Command = {
  program: string
  args: readonly string[]
  /** What a failure calls it; by default the program and its first argument. */
  name?: string
  cwd: string
  /** The whole environment of the command. HOME tells the command's processes from others. */
  env: Readonly<Record<string, string>> & { HOME: string }
  log: (line: string) => void
  signal: AbortSignal
}

const KEPT_LINES = 15
const LONGEST_LINE = 16_384

/**
 * Runs a command in a process group of its own, line by line into the log. Nothing it started outlives it. A failure
 * raises `build_failed` with the last lines; an abort raises the signal's reason.
 */
export async function runCommand(command: Command): Promise<void> {
  const { program, args, cwd, env, log, signal } = command
  signal.throwIfAborted()
  const last: string[] = []
  const child = execa(program, args, {
    cwd,
    env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    all: true,
  })
  giveWay(child.pid)
  const kill = (): void => killGroup(child.pid)
  // What left the group would hold the output open, and the command would never seem to end.
  const leftovers = new Promise<void>((resolve, reject) => {
    child.once('exit', () => killProcessesAtHome(env.HOME).then(resolve, reject))
    child.once('error', () => resolve())
  })
  signal.addEventListener('abort', kill, { once: true })
  try {
    // An abort between the check and the listener.
    if (signal.aborted) kill()
    await eachLine(child.all, (line) => {
      last.push(line)
      if (last.length > KEPT_LINES) last.shift()
      log(line)
    })
    await leftovers
    const result = await child
    signal.throwIfAborted()
    if (result.failed) throw failure(command.name ?? nameOf(program, args), result, last)
  } finally {
    signal.removeEventListener('abort', kill)
    kill()
  }
}

/** `npm run build`, `git clone`: the program and what it was to do. */
export const nameOf = (program: string, args: readonly string[]): string =>
  [program, ...args.slice(0, args[0] === 'run' ? 2 : 1)].join(' ')

async function eachLine(chunks: AsyncIterable<unknown>, use: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) use(line.slice(0, LONGEST_LINE))
    if (rest.length > LONGEST_LINE) {
      use(rest)
      rest = ''
    }
  }
  if (rest !== '') use(rest)
}

/** Builds take what instances leave: what the command starts inherits this. */
function giveWay(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch (error) {
    // Ended already.
    if (!hasCode(error, 'ERR_SYSTEM_ERROR')) throw error
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // Gone already: what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function failure(
  name: string,
  result: { exitCode?: number | undefined; signal?: string | undefined; code?: string | undefined },
  last: readonly string[],
): FairwayError {
  if (result.code === 'ENOENT') {
    return new FairwayError(
      'build_failed',
      `${name} cannot run: the program is not installed on this machine.`,
    )
  }
  const output = last.join('\n')
  if (/ENOSPC|No space left on device/i.test(output)) {
    return new FairwayError('disk_full', 'The disk is full. Make room and build again.', { detail: output })
  }
  const end =
    result.signal === undefined ? `ended with code ${result.exitCode}` : `was killed by ${result.signal}`
  return new FairwayError('build_failed', `${name} ${end}. Its last lines:\n${output}`)
}
