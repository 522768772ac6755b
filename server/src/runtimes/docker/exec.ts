import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import { engineStatusOf } from '../../lib/docker/engine.ts'
import { engineMessage, ifThere, isAbsentThere } from '../../lib/docker/engine-answers.ts'
import { framesOf } from '../../lib/docker/frames.ts'
import type { ExecEvent, ExecRequest, TerminalSize } from '../../reconcile/runtime-port.ts'
import { checkEnvironment } from '../process/environment.ts'
import { EXEC_MARKER, killMarked } from './kill-exec.ts'
import { isRunning } from './observation.ts'

/** After its end was ordered, a process that left the tree may hold the output open; nobody waits for it. */
const LINGER_MS = 1_000
const SETTLE_MS = 5_000

/**
 * Runs a command in a running container, with its user, environment and directory. Ends with an `exit` event. Raises
 * `runtime_failed` when the container has no such program.
 */
export async function* execIn(container: Docker.Container, request: ExecRequest): AsyncIterable<ExecEvent> {
  checkEnvironment(request.env ?? {})
  const marker = `${EXEC_MARKER}=${randomUUID()}`
  const exec = await whileItRuns(
    container.exec({
      Cmd: [...request.command],
      Env: [...Object.entries(request.env ?? {}).map(([name, value]) => `${name}=${value}`), marker],
      AttachStdin: request.stdin !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      Tty: request.tty !== undefined,
      ...(request.user !== undefined && { User: request.user }),
    }),
  )
  request.signal?.throwIfAborted()
  const socket = await whileItRuns(exec.start({ hijack: true, stdin: true, Tty: request.tty !== undefined }))
  const ending = new Ending(container, { marker, socket, request })
  // What ends the inputs when the command has ended, however it did.
  const over = new AbortController()
  ending.guard(inputs(exec, socket, { request, over: over.signal }))
  try {
    yield* outputOf(socket, request, ending)
    const { ExitCode, Pid } = await ended(exec)
    ending.rethrow()
    if (Pid === 0) throw await whyNotRun(container, request)
    yield { type: 'exit', exitCode: ExitCode ?? 128, ...(ending.ordered && { signal: 'SIGKILL' }) }
  } finally {
    over.abort()
    await ending.close(exec)
  }
}

/** The engine has several statuses for a container that ended a moment ago; its text tells them from others. */
async function whileItRuns<T>(begun: Promise<T>): Promise<T> {
  try {
    return await begun
  } catch (error) {
    if (!isAbsentThere(error) && !/not running|stopped/i.test(engineMessage(error))) throw error
    throw instanceEnded(error)
  }
}

async function* outputOf(
  socket: AsyncIterable<Uint8Array>,
  { tty }: ExecRequest,
  ending: Ending,
): AsyncIterable<ExecEvent> {
  try {
    if (tty !== undefined) for await (const chunk of socket) yield { type: 'stdout', chunk }
    else for await (const { stream, bytes } of framesOf(socket)) yield { type: stream, chunk: bytes }
  } catch (error) {
    // Cut off by us: what is left of the command is ended, and its output with it.
    if (!ending.ordered) throw error
  }
}

/** The engine has said why in the output, unless the container ended meanwhile. */
async function whyNotRun(
  container: Docker.Container,
  { command: [program = ''] }: ExecRequest,
): Promise<FairwayError> {
  const seen = await ifThere(container.inspect())
  if (seen === undefined || !isRunning(seen.State)) return instanceEnded()
  return new FairwayError(
    'runtime_failed',
    `"${program}" cannot be run in the instance. Is it in the image, and may it be run?`,
  )
}

const instanceEnded = (cause?: unknown): FairwayError =>
  new FairwayError('invalid_state', 'The instance ended, so nothing can be run in it.', { cause })

type Hijacked = Awaited<ReturnType<Docker.Exec['start']>>
type Running = { marker: string; socket: Hijacked; request: ExecRequest }

/** Ends a command before its time: at its deadline, at an abort, or when nobody reads on. */
class Ending {
  readonly #container: Docker.Container
  readonly #running: Running
  readonly #timer: NodeJS.Timeout | undefined
  readonly #onAbort = (): void => this.guard(this.order())
  #killing: Promise<void> | undefined
  #failure: unknown

  constructor(container: Docker.Container, running: Running) {
    this.#container = container
    this.#running = running
    const { timeoutMs, signal } = running.request
    if (timeoutMs !== undefined) this.#timer = setTimeout(this.#onAbort, timeoutMs)
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (signal?.aborted) this.#onAbort()
  }

  get ordered(): boolean {
    return this.#killing !== undefined
  }

  /** A failure beside the output ends the command and is raised after it. */
  guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#failure ??= error
      this.#running.socket.destroy()
    })
  }

  rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  order(): Promise<void> {
    this.#killing ??= this.#kill()
    return this.#killing
  }

  async #kill(): Promise<void> {
    try {
      await killMarked(this.#container, this.#running.marker)
    } finally {
      setTimeout(() => this.#running.socket.destroy(), LINGER_MS).unref()
    }
  }

  async close(exec: Docker.Exec): Promise<void> {
    clearTimeout(this.#timer)
    this.#running.request.signal?.removeEventListener('abort', this.#onAbort)
    const { Running } = await exec.inspect()
    if (Running) await this.order()
    await this.#killing
    this.#running.socket.destroy()
  }
}

/** The output ends a moment before the engine knows how the command ended. */
async function ended(exec: Docker.Exec): Promise<Docker.ExecInspectInfo> {
  const until = performance.now() + SETTLE_MS
  for (;;) {
    const seen = await exec.inspect()
    if (!seen.Running && seen.ExitCode !== null) return seen
    if (performance.now() > until)
      throw new FairwayError('runtime_failed', 'The command closed its output, but did not end.')
    await pause(10)
  }
}

async function feed({ stdin = [], tty }: Feeding, socket: Hijacked, over: AbortSignal): Promise<void> {
  // A command that ends without reading its input is no error.
  socket.on('error', () => socket.destroy())
  for await (const chunk of stdin) {
    if (over.aborted || socket.destroyed || !socket.writable) return
    if (!socket.write(chunk)) await drained(socket)
  }
  // A terminal has no end of input: the engine would end its output with it.
  if (tty === undefined) socket.end()
}

type Feeding = { stdin?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>; tty?: TerminalSize }

const drained = (socket: Hijacked): Promise<void> =>
  new Promise((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', resolve)
  })

/** What is typed reaches a terminal that has its size already: programs ask for it once, at their start. */
async function inputs(
  exec: Docker.Exec,
  socket: Hijacked,
  { request, over }: { request: ExecRequest; over: AbortSignal },
): Promise<void> {
  if (request.tty !== undefined) await resize(exec, request.tty, over)
  await Promise.all([
    request.stdin !== undefined && feed(request, socket, over),
    request.tty !== undefined && resizing(exec, request, over),
  ])
}

async function resizing(exec: Docker.Exec, { resizes }: ExecRequest, over: AbortSignal): Promise<void> {
  for await (const size of resizes ?? []) {
    if (over.aborted) return
    await resize(exec, size, over)
  }
}

/** The engine refuses it until the command has its terminal, and after its end. */
async function resize(exec: Docker.Exec, { columns, rows }: TerminalSize, over: AbortSignal): Promise<void> {
  for (let attempt = 0; attempt < 100 && !over.aborted; attempt += 1) {
    try {
      await exec.resize({ h: rows, w: columns })
      return
    } catch (error) {
      if (engineStatusOf(error) === undefined) throw error
      const { Running, ExitCode } = await exec.inspect()
      if (!Running && ExitCode !== null) return
    }
    await pause(10)
  }
}
