import { closeSync, createReadStream, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { LogLine, LogQuery } from '../../reconcile/runtime-port.ts'
import { parseLine } from './log-format.ts'
import { rotatedFiles } from './rotating-file.ts'

const POLL_MS = 100

/** The lines of an instance's log, old to new; with `follow` also the new ones until it has ended or `signal` aborts. */
export async function* readLogs(folder: string, query: LogQuery): AsyncIterable<LogLine> {
  const path = join(folder, 'log')
  const { lines, end } = await stored(path, query)
  yield* lines
  if (query.follow) yield* follow(folder, path, end, query.signal)
}

type Position = { inode: number; offset: number }

async function stored(path: string, { tail, since }: LogQuery): Promise<{ lines: LogLine[]; end: Position }> {
  const end = positionOf(path)
  const kept: LogLine[] = []
  for (const file of rotatedFiles(path)) {
    const bytes = file === path ? end.offset : Number.POSITIVE_INFINITY
    for await (const line of linesOf(file, bytes)) {
      if (since !== undefined && line.at < since) continue
      kept.push(line)
      if (tail !== undefined) dropOld(kept, tail)
    }
  }
  return { lines: tail === undefined ? kept : kept.slice(Math.max(0, kept.length - tail)), end }
}

/** Now and then, so that a large log does not have to fit into memory. */
function dropOld(kept: LogLine[], tail: number): void {
  if (kept.length > tail * 2 + 100) kept.splice(0, kept.length - tail)
}

async function* linesOf(file: string, bytes: number): AsyncIterable<LogLine> {
  if (bytes === 0) return
  const input = createReadStream(file, Number.isFinite(bytes) ? { end: bytes - 1 } : {})
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const line = parseLine(text)
    if (line !== undefined) yield line
  }
}

function positionOf(path: string): Position {
  if (!existsSync(path)) return { inode: 0, offset: 0 }
  const fd = openSync(path, 'r')
  const { ino, size } = fstatSync(fd)
  closeSync(fd)
  return { inode: ino, offset: size }
}

async function* follow(
  folder: string,
  path: string,
  from: Position,
  signal: AbortSignal | undefined,
): AsyncIterable<LogLine> {
  let position = from
  let rest = ''
  while (!signal?.aborted) {
    const done = existsSync(join(folder, 'log.done')) || !existsSync(folder)
    const { text, next } = readFrom(path, position)
    position = next
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines.flatMap((one) => parseLine(one) ?? [])) yield line
    if (text === '' && done) return
    if (text === '') await pause(POLL_MS)
  }
}

const CHUNK = 256 * 1024

/** What was written since; a file that was rotated away is read to its end first. */
function readFrom(path: string, { inode, offset }: Position): { text: string; next: Position } {
  for (const file of [...rotatedFiles(path)].reverse()) {
    const fd = openSync(file, 'r')
    try {
      const { ino, size } = fstatSync(fd)
      if (inode !== 0 && ino !== inode) continue
      const bytes = Math.min(size - offset, CHUNK)
      if (bytes <= 0)
        return { text: '', next: file === path ? { inode: ino, offset } : { inode: 0, offset: 0 } }
      const buffer = Buffer.alloc(bytes)
      const read = readSync(fd, buffer, 0, bytes, offset)
      return { text: buffer.toString('utf8', 0, read), next: { inode: ino, offset: offset + read } }
    } finally {
      closeSync(fd)
    }
  }
  return { text: '', next: { inode: 0, offset: 0 } }
}
