import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, readlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'
import type { ExecEvent, ExecRequest, TerminalSize } from '../../reconcile/runtime-port.ts'
import { isAbsent } from './instance-folder.ts'
import { hasEnvironmentEntry, liveProcesses } from './proc.ts'
import { killAll } from './stop.ts'

const run = promisify(execFile)
const MARKER = 'FAIRWAY_EXEC'

/** `cgroups`: the folders of the instance's control groups. What is in them ends with the instance. */
type Target = { directory: string; env: Readonly<Record<string, string>>; cgroups: readonly string[] }
type Terminal = ExecRequest & { tty: TerminalSize }
type Child = ReturnType<typeof spawn>

/**
 * Runs a command on a terminal of its own, which `script` of util-linux holds. Ends with an `exit` event. Raises
 * `runtime_failed` when the program is not there, or this machine has no `script`.
 */
export async function* terminalBeside(target: Target, request: Terminal): AsyncIterable<ExecEvent> {
  await checkProgram(target, request.command[0] ?? '')
  request.signal?.throwIfAborted()
  const marker = randomUUID()
  const child = spawn('script', ['-qefc', commandLine(target, request), '-E', 'always', '/dev/null'], {
    cwd: target.directory,
    env: { TERM: 'xterm-256color', ...target.env, SHELL: '/bin/sh', [MARKER]: marker },
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const end = ended(child)
  const over = new AbortController()
  const beside = new Beside(() => killMarked(marker))
  const kill = (): void => beside.guard(killMarked(marker))
  const timer = request.timeoutMs === undefined ? undefined : setTimeout(kill, request.timeoutMs)
  request.signal?.addEventListener('abort', kill, { once: true })
  beside.guard(feed(request.stdin ?? [], child, over.signal))
  beside.guard(follow(request.resizes ?? [], marker, over.signal))
  try {
    for await (const chunk of child.stdout ?? []) yield { type: 'stdout', chunk: chunk as Uint8Array }
    const exit = await end
    beside.rethrow()
    yield exit
  } finally {
    over.abort()
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', kill)
    if (child.exitCode === null && child.signalCode === null) await killMarked(marker)
  }
}

/** What goes on beside the output: its failure ends the command and is raised after it. */
class Beside {
  readonly #end: () => Promise<void>
  #failure: unknown

  constructor(end: () => Promise<void>) {
    this.#end = end
  }

  guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.#failure !== undefined) return
      this.#failure = error
      this.guard(this.#end())
    })
  }

  rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

/** `script` reads a line for a shell, so every word is quoted. The size is there before the program looks. */
function commandLine({ cgroups }: Target, { command, tty: { columns, rows } }: Terminal): string {
  const joins = cgroups.map((folder) => `echo $$ >${quoted(join(folder, 'cgroup.procs'))} || exit 126`)
  const size = `command -p stty rows ${rows} columns ${columns}`
  return [...joins, size, `exec ${command.map(quoted).join(' ')}`].join('; ')
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** A shell would say it in its own words, with an exit code that programs use too. */
async function checkProgram({ directory, env }: Target, program: string): Promise<void> {
  const folders = program.includes('/') ? [directory] : (env.PATH ?? '').split(':')
  for (const folder of folders) {
    const path = program.includes('/') ? resolve(folder, program) : join(resolve(directory, folder), program)
    if (await mayRun(path)) return
  }
  throw new FairwayError(
    'runtime_failed',
    `"${program}" cannot be run in the instance. Is it installed, and may it be run?`,
  )
}

async function mayRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch (error) {
    if (isAbsent(error) || hasCode(error, 'EACCES', 'ENOTDIR')) return false
    throw error
  }
}

const ended = (child: Child): Promise<ExecEvent> => {
  const end = new Promise<ExecEvent>((settle, fail) => {
    child.once('error', (cause) => fail(noTerminal(cause)))
    child.once('close', (code, signal) =>
      settle({ type: 'exit', exitCode: code ?? 128, ...(signal !== null && { signal }) }),
    )
  })
  // Whoever reads the output awaits it later; a reader that leaves before does not ask.
  end.catch(() => undefined)
  return end
}

const noTerminal = (cause: Error): FairwayError =>
  new FairwayError(
    'runtime_failed',
    'This machine cannot open a terminal: the program "script" of util-linux is missing. Install it.',
    { cause },
  )

const killMarked = (marker: string): Promise<void> => killAll(() => marked(marker).map(({ pid }) => pid))

const marked = (marker: string) =>
  liveProcesses().filter(({ pid }) => hasEnvironmentEntry(pid, `${MARKER}=${marker}`))

async function feed(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  child: Child,
  over: AbortSignal,
): Promise<void> {
  const { stdin } = child
  // A command that ends without reading its input is no error.
  stdin?.on('error', () => stdin.destroy())
  for await (const chunk of input) {
    if (over.aborted || stdin === null || stdin.destroyed) return
    if (!stdin.write(chunk)) await drained(stdin)
  }
}

const drained = (stdin: NonNullable<Child['stdin']>): Promise<void> =>
  new Promise((settle) => {
    stdin.once('drain', settle)
    stdin.once('close', settle)
  })

async function follow(
  sizes: AsyncIterable<TerminalSize> | Iterable<TerminalSize>,
  marker: string,
  over: AbortSignal,
): Promise<void> {
  for await (const { columns, rows } of sizes) {
    const device = await deviceOf(marker, over)
    if (device === undefined) return
    await run('stty', ['-F', device, 'rows', String(rows), 'columns', String(columns)])
  }
}

const DEVICE_WAIT_MS = 5_000

/** The terminal that the command reads from, once it has one; undefined when it has ended. */
async function deviceOf(marker: string, over: AbortSignal): Promise<string | undefined> {
  const until = performance.now() + DEVICE_WAIT_MS
  while (!over.aborted && performance.now() < until) {
    for (const { pid } of marked(marker)) {
      const device = await inputOf(pid)
      if (device?.startsWith('/dev/pts/')) return device
    }
    await pause(10)
  }
  return undefined
}

async function inputOf(pid: number): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/fd/0`)
  } catch (error) {
    if (isAbsent(error) || hasCode(error, 'EACCES', 'EPERM')) return undefined
    throw error
  }
}
