import type Docker from 'dockerode'
import { type Frame, framesOf } from '../../lib/docker/frames.ts'
import { hasCode } from '../../lib/has-code.ts'
import type { LogLine, LogQuery } from '../../reconcile/runtime-port.ts'

/** A line that never ends is cut here. */
const LONGEST_LINE = 1024 * 1024
/** The engine counts each 16 KiB of a long line as one; so many more are asked for. */
const MORE_PIECES = 64

type Line = LogLine & {
  /** The engine's own, to the nanosecond. */
  stamp: string
}

/** The lines of a container, old to new; with `follow` also the new ones until it has ended or `signal` aborts. */
export async function* readLogs(container: Docker.Container, query: LogQuery): AsyncIterable<LogLine> {
  const { tail, since, follow, signal } = query
  if (tail === undefined) {
    yield* plain(read(container, { follow: follow === true, since: since && seconds(since), signal }))
    return
  }
  const last = await lastLines(container, tail, {
    since: since && seconds(since),
    signal,
    cut: follow === true,
  })
  yield* plain(last.lines)
  if (!follow) return
  const from = last.stamp
  for await (const line of read(container, { follow, since: from && secondsOf(from), signal }))
    if (from === undefined || line.stamp > from) yield bare(line)
}

const bare = ({ at, stream, text }: Line): LogLine => ({ at, stream, text })

async function* plain(lines: AsyncIterable<Line> | Iterable<Line>): AsyncIterable<LogLine> {
  for await (const line of lines) yield bare(line)
}

type Reading = {
  follow: boolean
  since: string | undefined
  tail?: number
  signal: AbortSignal | undefined
  /** Leaves a last line that has no end yet to who follows. */
  cut?: boolean
}

type Last = { lines: Line[]; stamp: string | undefined }

async function lastLines(
  container: Docker.Container,
  tail: number,
  reading: Omit<Reading, 'follow' | 'tail'>,
): Promise<Last> {
  const lines: Line[] = []
  let stamp: string | undefined
  for await (const line of read(container, { ...reading, follow: false, tail: tail + MORE_PIECES })) {
    lines.push(line)
    stamp = line.stamp
  }
  return { lines: lines.slice(Math.max(0, lines.length - tail)), stamp }
}

async function* read(container: Docker.Container, reading: Reading): AsyncIterable<Line> {
  const { signal } = reading
  if (signal?.aborted) return
  try {
    const source = await open(container, reading)
    yield* linesOf(framesOf(source), reading.cut === true)
  } catch (error) {
    if (signal?.aborted || hasCode(error, 'ABORT_ERR')) return
    throw error
  }
}

const STATUS = { 200: true, 404: 'no such container', 500: 'server error' }

/** As a stream, also without following: a whole log need not fit into memory. The client library would collect it. */
function open(
  container: Docker.Container,
  { follow, since, tail, signal }: Reading,
): Promise<AsyncIterable<Uint8Array>> {
  const query = { follow, stdout: true, stderr: true, timestamps: true, since, tail }
  const request = {
    path: `/containers/${container.id}/logs?`,
    method: 'GET',
    isStream: true,
    statusCodes: STATUS,
    options: Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)),
    ...(signal !== undefined && { abortSignal: signal }),
  }
  return new Promise((resolve, reject) => {
    container.modem.dial(request, (error: Error | null, stream: AsyncIterable<Uint8Array>) =>
      error === null ? resolve(stream) : reject(error),
    )
  })
}

/** Puts the engine's pieces of 16 KiB together into lines. */
export async function* linesOf(frames: AsyncIterable<Frame>, cut = false): AsyncIterable<Line> {
  const open: Record<Frame['stream'], { stamp: string; pieces: Buffer[]; size: number } | undefined> = {
    stdout: undefined,
    stderr: undefined,
  }
  for await (const { stream, bytes } of frames) {
    const blank = bytes.indexOf(' ')
    const piece = bytes.subarray(blank + 1)
    const line = open[stream] ?? { stamp: bytes.toString('latin1', 0, blank), pieces: [], size: 0 }
    line.pieces.push(piece)
    line.size += piece.length
    open[stream] = line
    if (piece.at(-1) !== LINE_FEED && line.size < LONGEST_LINE) continue
    open[stream] = undefined
    yield lineOf(stream, line)
  }
  if (cut) return
  for (const stream of ['stdout', 'stderr'] as const) {
    const line = open[stream]
    if (line !== undefined) yield lineOf(stream, line)
  }
}

const LINE_FEED = 10

function lineOf(stream: Frame['stream'], { stamp, pieces }: { stamp: string; pieces: Buffer[] }): Line {
  const text = Buffer.concat(pieces)
    .toString()
    .replace(/\r?\n$/, '')
  return { at: new Date(stamp), stream, text, stamp }
}

/** As the engine wants it: seconds since 1970, with a fraction. */
const seconds = (at: Date): string => (at.getTime() / 1000).toFixed(3)

function secondsOf(stamp: string): string {
  const fraction = /\.(\d+)/.exec(stamp)?.[1] ?? '0'
  return `${Math.floor(Date.parse(stamp) / 1000)}.${fraction.padEnd(9, '0')}`
}
