import { StringDecoder } from 'node:string_decoder'
import { FairwayError } from '@fairway/contract/errors'
import { type ShellContext, type ShellOutput, shellInit, shellInput } from '@fairway/contract/shell'
import type { WebSocket } from 'ws'
import { PushQueue } from '../../lib/push-queue.ts'
import { recordShellClosed, recordShellOpened, type ShellPlace } from '../../operations/shells/record.ts'
import { authenticate } from '../auth.ts'
import type { ApiDeps } from '../deps.ts'
import { toFairwayError } from '../error-answer.ts'
import type { ExecChunk, TerminalSize } from '../streams/streams-port.ts'
import { userOf, wantsTerminal, wordsOf } from './shell-request.ts'
import { type ShellOwner, shellTarget } from './shell-target.ts'

export type ShellLimits = {
  /** For the first message, in milliseconds. */
  openMs: number
  /** Without a byte in either direction. */
  idleMs: number
  /** In all, whatever happens. */
  longestMs: number
  /** How often it is asked whether the token still holds. */
  recheckMs: number
  /** Open at once in this process. */
  most: number
}

/** How many commands are open here. */
export type ShellCount = { open: number }

export type ShellSetting = { deps: ApiDeps; owner: ShellOwner; limits: ShellLimits; count: ShellCount }

const READ_AHEAD_BYTES = 256 * 1024
const DEFAULT_SIZE = { columns: 80, rows: 24 }
const BAD_MESSAGE = 1008

/** One command in one instance over one socket, from its first message to its exit code. Closes the socket. */
export async function serveShell(socket: WebSocket, setting: ShellSetting): Promise<void> {
  const line = new ShellLine(socket, setting)
  try {
    await line.open()
  } catch (error) {
    await line.refuse(error)
    return
  }
  try {
    await line.run()
  } catch (error) {
    await line.fail(error)
  } finally {
    await line.close()
  }
}

type Opened = { place: ShellPlace; runtimeId: string; context: ShellContext; token: string; at: number }

class ShellLine {
  readonly #socket: WebSocket
  readonly #setting: ShellSetting
  readonly #over = new AbortController()
  readonly #input = new PushQueue<Uint8Array>(() => this.#readOn())
  readonly #sizes = new PushQueue<TerminalSize>()
  readonly #timers: NodeJS.Timeout[] = []
  #idle: NodeJS.Timeout | undefined
  #unread = 0
  #opened: Opened | undefined
  #exitCode: number | null = null

  constructor(socket: WebSocket, setting: ShellSetting) {
    this.#socket = socket
    this.#setting = setting
    socket.once('close', () => this.#over.abort(gone()))
    // The close that follows says it too.
    socket.on('error', (error) => setting.deps.log.debug({ err: error }, 'a shell’s connection failed'))
  }

  async open(): Promise<void> {
    const { deps, owner, limits, count } = this.#setting
    const first = shellInit.safeParse(parsed(await this.#first()))
    if (!first.success)
      throw new FairwayError(
        'invalid_request',
        `The first message must be "init": ${first.error.issues[0]?.message ?? 'it is not'}.`,
      )
    const { auth, context } = first.data.data
    const actor = await authenticate(deps, `Bearer ${auth.apiToken}`, 'write')
    this.#over.signal.throwIfAborted()
    if (count.open >= limits.most) throw tooMany(limits.most)
    count.open += 1
    this.#over.signal.addEventListener(
      'abort',
      () => {
        count.open -= 1
      },
      { once: true },
    )
    const target = await shellTarget(deps.db, owner, context.instanceName ?? context.containerName)
    this.#over.signal.throwIfAborted()
    const place = {
      projectId: owner.projectId,
      ownerId: owner.id,
      instance: target.instance,
      actor: actor.id,
    }
    await recordShellOpened(deps.db, place)
    this.#opened = {
      place,
      runtimeId: target.runtimeId,
      context,
      token: auth.apiToken,
      at: performance.now(),
    }
    this.#watch()
    await this.#send({ type: 'init', data: { auth: 'successful', instance: target.instance } })
  }

  /** The first message, within its time. */
  #first(): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(tooLate()), this.#setting.limits.openMs)
      this.#socket.once('message', (data) => {
        clearTimeout(timer)
        // Later messages wait until the command runs.
        this.#socket.on('message', (next) => this.#take(next.toString()))
        resolve(data.toString())
      })
      this.#over.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(gone())
      })
    })
  }

  #watch(): void {
    const { deps, limits } = this.#setting
    const recheck = async (): Promise<void> => {
      try {
        await authenticate(deps, `Bearer ${this.#opened?.token}`, 'write')
      } catch (error) {
        if (error instanceof FairwayError) this.#over.abort(error)
        else deps.log.warn({ err: error }, 'cannot check the token of an open shell')
      }
    }
    this.#timers.push(setInterval(() => void recheck(), limits.recheckMs))
    this.#timers.push(setTimeout(() => this.#over.abort(tooLong()), limits.longestMs))
    this.#busy()
  }

  #busy(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#over.abort(idle()), this.#setting.limits.idleMs)
  }

  #take(text: string): void {
    const message = shellInput.safeParse(parsed(text))
    if (!message.success) {
      this.#over.abort(
        new FairwayError('invalid_request', 'A message was not understood, so the shell was closed.'),
      )
      return
    }
    if (this.#opened !== undefined) this.#busy()
    if (message.data.type === 'stdInEnd') this.#input.end()
    else if (message.data.type === 'payload') this.#type(Buffer.from(message.data.data))
    else this.#sizes.push(sizeOf(message.data.data))
  }

  /** Nobody is read faster than the command reads. */
  #type(bytes: Buffer): void {
    this.#unread += bytes.length
    if (this.#unread > READ_AHEAD_BYTES) this.#socket.pause()
    this.#input.push(bytes)
  }

  #readOn(): void {
    this.#unread = 0
    this.#socket.resume()
  }

  async run(): Promise<void> {
    const { deps, limits } = this.#setting
    const { runtimeId, context } = this.#require()
    const user = userOf(context)
    const events = deps.streams.exec(runtimeId, {
      command: wordsOf(context),
      timeoutMs: limits.longestMs,
      signal: this.#over.signal,
      stdin: this.#input,
      ...(wantsTerminal(context) && { tty: sizeOf(context), resizes: this.#sizes }),
      ...(user !== undefined && { user }),
    })
    const encoding = context.encoding
    const texts = { stdout: new StringDecoder(encoding), stderr: new StringDecoder(encoding) }
    for await (const event of events) await this.#show(event, texts)
    if (this.#over.signal.aborted) {
      this.#exitCode = null
      throw this.#over.signal.reason
    }
    if (this.#exitCode === null)
      throw new FairwayError('runtime_failed', 'The command ended without an exit code.')
    await this.#send(completion(this.#exitCode))
  }

  async #show(event: ExecChunk, texts: Record<'stdout' | 'stderr', StringDecoder>): Promise<void> {
    if (event.type === 'exit') {
      this.#exitCode = event.exitCode
      return
    }
    this.#busy()
    const data = texts[event.type].write(Buffer.from(event.chunk))
    if (data !== '') await this.#send({ type: event.type === 'stdout' ? 'stdOut' : 'stdErr', data })
  }

  /** Resolves when the connection has taken it: a slow reader slows the command down. */
  #send(message: ShellOutput): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState !== this.#socket.OPEN) resolve()
      // A connection that failed closes, which ends the command.
      else this.#socket.send(JSON.stringify(message), () => resolve())
    })
  }

  #require(): Opened {
    if (this.#opened === undefined) throw new Error('the shell was not opened')
    return this.#opened
  }

  async refuse(error: unknown): Promise<void> {
    const message = this.#sentence(error)
    await this.#send({ type: 'init', data: { auth: 'failed', message } })
    this.#end()
  }

  async fail(error: unknown): Promise<void> {
    await this.#send({ type: 'error', data: { message: this.#sentence(error) } })
  }

  #sentence(error: unknown): string {
    const { deps } = this.#setting
    const public_ = toFairwayError(error)
    if (public_.status >= 500) deps.log.warn({ err: error }, 'a shell failed')
    return deps.mask(public_.message)
  }

  async close(): Promise<void> {
    const { place, at } = this.#require()
    this.#end()
    const seconds = Math.round((performance.now() - at) / 1000)
    await recordShellClosed(this.#setting.deps.db, place, { exitCode: this.#exitCode, seconds })
  }

  #end(): void {
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#idle)
    this.#input.end()
    this.#sizes.end()
    this.#over.abort(gone())
    this.#socket.resume()
    this.#socket.close(this.#exitCode === null ? BAD_MESSAGE : 1000)
  }
}

const sizeOf = ({
  ttyColumns,
  ttyRows,
}: {
  ttyColumns?: number | undefined
  ttyRows?: number | undefined
}): TerminalSize => ({
  columns: ttyColumns ?? DEFAULT_SIZE.columns,
  rows: ttyRows ?? DEFAULT_SIZE.rows,
})

const completion = (exitCode: number): ShellOutput => ({
  type: 'completion',
  data: {
    exitCode,
    status: exitCode === 0 ? 'Success' : 'Failure',
    ...(exitCode !== 0 && { message: `The command ended with the exit code ${exitCode}.` }),
  },
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const gone = (): FairwayError => new FairwayError('aborted', 'The connection was closed.')
const idle = (): FairwayError =>
  new FairwayError('timed_out', 'The shell was closed: nothing happened in it for too long.')
const tooLong = (): FairwayError =>
  new FairwayError('timed_out', 'The shell was closed: it was open for the longest time allowed.')
const tooLate = (): FairwayError => new FairwayError('timed_out', 'The first message did not come in time.')
const tooMany = (most: number): FairwayError =>
  new FairwayError('rate_limited', `${most} shells are open already. Close one and try again.`)
