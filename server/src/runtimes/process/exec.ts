import { spawn } from 'node:child_process'
import { FairwayError } from '@fairway/contract/errors'
import type { ExecEvent, ExecRequest } from '../../reconcile/runtime-port.ts'
import { checkEnvironment } from './environment.ts'
import { terminalBeside } from './exec-terminal.ts'
import { readIfThere } from './instance-folder.ts'
import { signal as send } from './proc.ts'

/** Runs a command beside an instance: in its directory, with its environment. Ends with an `exit` event. */
export async function* execBeside(
  target: { pid: number; directory: string; cgroups: readonly string[] },
  request: ExecRequest,
): AsyncIterable<ExecEvent> {
  const [program = '', ...args] = request.command
  checkEnvironment(request.env ?? {})
  if (request.user !== undefined) throw noUsers()
  const env = { ...environmentOf(target.pid), ...request.env }
  const { tty } = request
  if (tty !== undefined) {
    yield* terminalBeside({ ...target, env }, { ...request, tty })
    return
  }
  const child = spawn(program, args, {
    cwd: target.directory,
    env,
    detached: true,
    stdio: [request.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const queue = new EventQueue()
  child.stdout?.on('data', (chunk: Buffer) => queue.push({ type: 'stdout', chunk }))
  child.stderr?.on('data', (chunk: Buffer) => queue.push({ type: 'stderr', chunk }))
  child.once('error', (error) => queue.fail(notRun(program, error)))
  child.once('close', (code, signal) => {
    queue.push({ type: 'exit', exitCode: code ?? 128, ...(signal !== null && { signal }) })
    queue.end()
  })
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null) send(-child.pid, 'SIGKILL')
  }
  const timer = request.timeoutMs === undefined ? undefined : setTimeout(kill, request.timeoutMs)
  request.signal?.addEventListener('abort', kill, { once: true })
  if (request.stdin !== undefined) void feed(request.stdin, child)
  try {
    yield* queue
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', kill)
    kill()
  }
}

const noUsers = (): FairwayError =>
  new FairwayError(
    'not_supported',
    'Instances here are plain processes of one user. Leave the user and the group out.',
  )

const notRun = (program: string, cause: Error): FairwayError =>
  new FairwayError('runtime_failed', `"${program}" cannot be run in the instance: ${cause.message}`, {
    cause,
  })

async function feed(input: AsyncIterable<Uint8Array>, child: ReturnType<typeof spawn>): Promise<void> {
  // A command that ends without reading its input is no error.
  child.stdin?.on('error', () => child.stdin?.destroy())
  for await (const chunk of input) {
    if (child.stdin === null || child.stdin.destroyed) return
    child.stdin.write(chunk)
  }
  child.stdin?.end()
}

/** The environment that the instance was started with, as the kernel keeps it. */
function environmentOf(pid: number): Record<string, string> {
  const text = readIfThere(`/proc/${pid}/environ`) ?? ''
  const pairs = text.split('\0').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 ? [[pair.slice(0, at), pair.slice(at + 1)] as const] : []
  })
  return Object.fromEntries(pairs)
}

/** Events in the order they came, for one reader. */
class EventQueue implements AsyncIterable<ExecEvent> {
  readonly #events: ExecEvent[] = []
  #wake: (() => void) | undefined
  #ended = false
  #error: Error | undefined

  push(event: ExecEvent): void {
    this.#events.push(event)
    this.#wake?.()
  }

  fail(error: Error): void {
    this.#error = error
    this.end()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ExecEvent> {
    for (;;) {
      const event = this.#events.shift()
      if (event !== undefined) {
        yield event
        continue
      }
      if (this.#error !== undefined) throw this.#error
      if (this.#ended) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
