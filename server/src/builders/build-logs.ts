import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { notFound } from '@fairway/contract/errors'
import type { Clock } from '../lib/clock.ts'
import { hasCode } from '../lib/has-code.ts'
import type { BuildLog, BuildLogWriter } from '../reconcile/builder-port.ts'
import { type Piece, PieceWriter, piecesOf } from './log-segments.ts'

type BuildName = { projectId: string; buildId: string }

export type BuildLogLine = { at: Date; stream: 'stdout' | 'system'; text: string }

export type BuildLogs = BuildLog & {
  /** The last `tail` lines, then, with `follow`, new ones until the build has concluded. */
  read(
    build: BuildName,
    options: {
      tail: number
      follow: boolean
      signal: AbortSignal
      isConcluded: () => Promise<boolean>
    },
  ): AsyncIterable<BuildLogLine>
}

const FLUSH_MS = 50
const FLUSH_BYTES = 64 * 1024
const LAST_LINES = 20
const POLL_MS = 200

/** The output of builds, as files `<root>/<project>/<build>.log` of lines `<ISO time> <text>`, each at most about 5 MB. */
export function createBuildLogs({ root, clock }: { root: string; clock: Clock }): BuildLogs {
  const fileOf = ({ projectId, buildId }: BuildName): string => {
    // These become a path.
    if (![projectId, buildId].every((name) => /^[a-z0-9][a-z0-9-]*$/.test(name)))
      throw notFound('build', buildId)
    return join(root, projectId, `${buildId}.log`)
  }
  return {
    open: (build, onError) => new Writer(fileOf(build), clock, onError),
    read: (build, options) => read(fileOf(build), options),
  }
}

class Writer implements BuildLogWriter {
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  readonly #last: string[] = []
  readonly #file: string
  #pieces: PieceWriter | undefined
  #waiting: string[] = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #broken = false

  constructor(file: string, clock: Clock, onError: (error: unknown) => void) {
    this.#file = file
    this.#clock = clock
    this.#onError = onError
  }

  append(text: string): void {
    for (const part of text.split('\n')) this.#add(part)
  }

  last(): string[] {
    return [...this.#last]
  }

  close(): void {
    this.#flush()
    this.#pieces?.close()
    this.#pieces = undefined
    this.#broken = true
  }

  #add(text: string): void {
    this.#last.push(text)
    if (this.#last.length > LAST_LINES) this.#last.shift()
    if (this.#broken) return
    const line = `${this.#clock.now().toISOString()} ${text}\n`
    this.#waiting.push(line)
    this.#waitingBytes += line.length
    if (this.#waitingBytes >= FLUSH_BYTES) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const text = this.#waiting.join('')
    this.#waiting = []
    this.#waitingBytes = 0
    if (text === '' || this.#broken) return
    try {
      this.#pieces ??= new PieceWriter(this.#file)
      this.#pieces.write(Buffer.from(text))
    } catch (error) {
      this.#broken = true
      this.#onError(error)
    }
  }
}

type ReadOptions = Parameters<BuildLogs['read']>[1]

async function* read(file: string, options: ReadOptions): AsyncGenerator<BuildLogLine> {
  const { tail, follow, signal, isConcluded } = options
  // Asked before reading: what is written before a build concludes is then surely read.
  let concluded = await isConcluded()
  let { lines, position } = await readFrom(file, 0)
  if (lines.length > tail) lines = tail === 0 ? [] : lines.slice(-tail)
  while (!signal.aborted) {
    yield* lines
    if (!follow || concluded) return
    if (lines.length === 0) await pause(signal)
    concluded = await isConcluded()
    ;({ lines, position } = await readFrom(file, position))
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await sleep(POLL_MS, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** All whole lines from a position of the log on, with a line that says how much was cut where something was. */
async function readFrom(file: string, from: number): Promise<{ lines: BuildLogLine[]; position: number }> {
  const lines: BuildLogLine[] = []
  let position = from
  for (const piece of piecesOf(file)) {
    if (piece.to <= position) continue
    const bytes = await readPiece(piece, Math.max(position, piece.from))
    if (bytes === undefined) continue
    const text = bytes.subarray(0, bytes.lastIndexOf(10) + 1).toString()
    const parsed = text.split('\n').slice(0, -1).map(parse)
    if (piece.from > position && parsed[0] !== undefined) lines.push(cut(piece.from - position, parsed[0].at))
    for (const line of parsed) lines.push(line)
    position = Math.max(position, piece.from) + Buffer.byteLength(text)
  }
  return { lines, position }
}

const cut = (bytes: number, at: Date): BuildLogLine => ({
  at,
  stream: 'system',
  text: `… ${bytes} bytes of output were left out here …`,
})

function parse(line: string): BuildLogLine {
  const space = line.indexOf(' ')
  return { at: new Date(line.slice(0, space)), stream: 'stdout', text: line.slice(space + 1) }
}

/** Undefined: it was cut meanwhile. */
async function readPiece({ path, from, to }: Piece, start: number): Promise<Buffer | undefined> {
  try {
    const file = await open(path)
    try {
      const buffer = Buffer.alloc(to - start)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, start - from)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
