import { randomUUID } from 'node:crypto'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type Docker from 'dockerode'
import { framesOf } from '../../lib/docker/frames.ts'
import { hasCode } from '../../lib/has-code.ts'

/** A command that ended with another status than 0. Its words may quote data, so they are for the log only. */
export class CommandFailed extends Error {
  readonly words: string

  constructor(command: string, status: number, words: string) {
    super(`"${command}" ended with status ${status}`)
    this.words = words
  }
}

export type Command = {
  /** Arguments of the image's `addon` program. They show in process lists: nothing secret. */
  args: readonly string[]
  input?: AsyncIterable<Uint8Array>
  signal?: AbortSignal
}

const MOST_WORDS = 4000

/** Its number is kept in the container's memory, so that the program can be ended: the engine has no call for it. */
const START = ['sh', '-c', 'echo $$ >"/run/addon/$0"; exec addon "$@"']
const END = ['sh', '-c', 'kill -9 "$(cat "/run/addon/$0")"; rm -f "/run/addon/$0"']

/**
 * Runs the addon program in a running container: what it prints. When nobody reads on, or at an abort, the program is
 * ended. `CommandFailed` when it fails.
 */
export async function* runCommand(container: Docker.Container, command: Command): AsyncGenerator<Uint8Array> {
  const id = `command-${randomUUID()}`
  const exec = await container.exec({
    Cmd: [...START, id, ...command.args],
    AttachStdin: command.input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
  })
  command.signal?.throwIfAborted()
  const socket = await exec.start({ hijack: true, stdin: true })
  const cut = (): unknown => socket.destroy(command.signal?.reason)
  command.signal?.addEventListener('abort', cut, { once: true })
  const feeding = feed(command.input, socket)
  const words = { text: '' }
  let isOver = false
  try {
    yield* outputOf(socket, words)
    isOver = true
    await feeding
    await mustSucceed(exec, command, words.text)
  } finally {
    command.signal?.removeEventListener('abort', cut)
    socket.destroy()
    if (!isOver) await runQuietly(container, [...END, id])
    await feeding
  }
}

async function* outputOf(
  source: AsyncIterable<Uint8Array>,
  words: { text: string },
): AsyncGenerator<Uint8Array> {
  for await (const { stream, bytes } of framesOf(source)) {
    if (stream === 'stdout') yield bytes
    else words.text = (words.text + bytes.toString()).slice(-MOST_WORDS)
  }
}

/** A program that ends before it read everything says why itself. */
export async function feed(input: AsyncIterable<Uint8Array> | undefined, to: Writable): Promise<void> {
  if (input === undefined) return
  try {
    await pipeline(Readable.from(input, { objectMode: false }), to)
  } catch (error) {
    if (!hasCode(error, 'EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'))
      to.destroy(error as Error)
  }
}

async function mustSucceed(exec: Docker.Exec, { args }: Command, words: string): Promise<void> {
  const { ExitCode } = await exec.inspect()
  if (ExitCode !== 0) throw new CommandFailed(args[0] ?? '', ExitCode ?? -1, words)
}

async function runQuietly(container: Docker.Container, command: readonly string[]): Promise<void> {
  const { State } = await container.inspect()
  if (!State.Running) return
  const exec = await container.exec({ Cmd: [...command], AttachStdout: true })
  const output = await exec.start({})
  for await (const _ of output);
}

/** All that a command prints, as text. */
export async function textOf(output: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of output) parts.push(part)
  return Buffer.concat(parts).toString()
}
