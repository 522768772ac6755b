import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import { type Engine, engineStatusOf } from '../../lib/docker/engine.ts'
import { ifThere, isAbsentThere, isConflict } from '../../lib/docker/engine-answers.ts'
import { framesOf } from '../../lib/docker/frames.ts'
import { feed } from './run-command.ts'

const STOP_SECONDS = 60
const NOT_MODIFIED = 304
const REMOVAL_MS = 30_000

/** Lets the server write everything down. Nothing happens when it is not there or does not run. */
export async function stopContainer(container: Docker.Container): Promise<void> {
  try {
    await container.stop({ t: STOP_SECONDS })
  } catch (error) {
    if (!isAbsentThere(error) && engineStatusOf(error) !== NOT_MODIFIED) throw error
  }
}

/** Ends and removes it; returns when it is gone, also when somebody else removes it. */
export async function removeContainer(container: Docker.Container): Promise<void> {
  const until = performance.now() + REMOVAL_MS
  for (;;) {
    try {
      await container.remove({ force: true })
      return
    } catch (error) {
      if (isAbsentThere(error)) return
      // Its removal is under way.
      if (!isConflict(error) || performance.now() > until) throw error
    }
    await pause(50)
  }
}

export async function removeVolume(engine: Engine, name: string): Promise<void> {
  await ifThere(engine.getVolume(name).remove())
}

export type Setup = {
  options: Docker.ContainerCreateOptions & { name: string }
  input: AsyncIterable<Uint8Array>
  signal?: AbortSignal
}

/** Runs a container to its end with this input. `disk_full`, or an error that says its status. */
export async function runSetup(engine: Engine, { options, input, signal }: Setup): Promise<void> {
  // One that was cut off left it.
  await removeContainer(engine.getContainer(options.name))
  const container = await engine.createContainer(options)
  try {
    const attached = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true }
    // A hijacked connection is the socket itself, which the client's types do not know.
    const socket = (await container.attach(attached)) as Duplex
    const cut = (): unknown => socket.destroy(signal?.reason)
    signal?.addEventListener('abort', cut, { once: true })
    try {
      signal?.throwIfAborted()
      await container.start()
      const [words] = await Promise.all([wordsOf(socket), feed(input, socket)])
      const { StatusCode } = await container.wait()
      if (StatusCode !== 0) throw setupFailure(StatusCode, words)
    } finally {
      signal?.removeEventListener('abort', cut)
      socket.destroy()
    }
  } finally {
    await removeContainer(container)
  }
}

const MOST_WORDS = 4000

async function wordsOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  let words = ''
  for await (const { bytes } of framesOf(source)) words = (words + bytes.toString()).slice(-MOST_WORDS)
  return words
}

function setupFailure(status: number, words: string): FairwayError {
  const isFull = /no space left on device|disk quota exceeded/i.test(words)
  return new FairwayError(
    isFull ? 'disk_full' : 'runtime_failed',
    isFull
      ? "The engine's disk has no room for the data. Free space, then try again."
      : 'The data of the addon could not be made. The log says why.',
    { detail: `status ${status}: ${words}` },
  )
}

/** The newest lines, both outputs in the order they came. */
export async function logLines(container: Docker.Container, tail: number): Promise<string[]> {
  const output = await ifThere(container.logs({ stdout: true, stderr: true, tail, follow: false }))
  if (output === undefined) return []
  const text = await wordsOfAll(output)
  return text === '' ? [] : text.trimEnd().split('\n')
}

async function wordsOfAll(output: Buffer): Promise<string> {
  const parts: Buffer[] = []
  for await (const { bytes } of framesOf(once(output))) parts.push(bytes)
  return Buffer.concat(parts).toString()
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
