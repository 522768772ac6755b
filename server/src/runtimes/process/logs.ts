import { closeSync, createReadStream, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as pause } from 'node:timers/promises'
import type { LogLine, LogQuery } from '../../reconcile/runtime-port.ts'
import { isAbsent } from './instance-folder.ts'
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
  const files = openLogs(path)
  const kept: LogLine[] = []
  try {
    for (const file of files) {
      for await (const line of linesOf(file)) {
        if (since !== undefined && line.at < since) continue
        kept.push(line)
        if (tail !== undefined) dropOld(kept, tail)
      }
    }
  } finally {
    closeLogs(files)
  }
  const last = files.at(-1)
  const end = last === undefined ? START : { inode: last.inode, offset: last.size }
  return { lines: tail === undefined ? kept : kept.slice(Math.max(0, kept.length - tail)), end }
}

const START: Position = { inode: 0, offset: 0 }

type OpenLog = { fd: number; inode: number; size: number }

/** From old to new. Opened from new to old: one that is renamed meanwhile is met twice and kept once, never missed. */
function openLogs(path: string): OpenLog[] {
  const files = new Map<number, OpenLog>()
  for (const name of rotatedFiles(path).reverse()) {
    const fd = openIfThere(name)
    if (fd === undefined) continue
    const { ino, size } = fstatSync(fd)
    if (files.has(ino)) closeSync(fd)
    else files.set(ino, { fd, inode: ino, size })
  }
  return [...files.values()].reverse()
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

const closeLogs = (files: readonly OpenLog[]): void => {
  for (const { fd } of files) closeSync(fd)
}

/** Now and then, so that a large log does not have to fit into memory. */
function dropOld(kept: LogLine[], tail: number): void {
  if (kept.length > tail * 2 + 100) kept.splice(0, kept.length - tail)
}

/** Up to where the file went when it was opened; the collector writes whole lines. */
async function* linesOf({ fd, size }: OpenLog): AsyncIterable<LogLine> {
  if (size === 0) return
  const splitter = lineSplitter()
  for await (const chunk of createReadStream('', { fd, autoClose: false, start: 0, end: size - 1 })) {
    yield* splitter(chunk as Buffer)
  }
}

/** Cuts chunks into lines, at line feeds only, and never cuts a character. */
function lineSplitter(): (chunk: Buffer) => LogLine[] {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    return lines.flatMap((line) => parseLine(line) ?? [])
  }
}

async function* follow(
  folder: string,
  path: string,
  from: Position,
  signal: AbortSignal | undefined,
): AsyncIterable<LogLine> {
  let position = from
  const splitter = lineSplitter()
  while (!signal?.aborted) {
    const done = existsSync(join(folder, 'log.done')) || !existsSync(folder)
    const { chunk, next } = readFrom(path, position)
    const moved = next.inode !== position.inode
    position = next
    yield* splitter(chunk)
    if (chunk.length > 0 || moved) continue
    if (done) return
    await pause(POLL_MS)
  }
}

const CHUNK = 256 * 1024

/** What was written since; a file that was rotated away is read to its end first, then the next newer one. */
function readFrom(path: string, { inode, offset }: Position): { chunk: Buffer; next: Position } {
  const files = openLogs(path)
  try {
    const at = files.findIndex((file) => file.inode === inode)
    // One that is gone altogether was overtaken: go on with the oldest there is.
    const file = files[Math.max(0, at)]
    if (file === undefined) return { chunk: Buffer.alloc(0), next: START }
    const start = at < 0 ? 0 : offset
    const newer = files[at + 1]
    if (at >= 0 && file.size <= start && newer !== undefined) {
      return { chunk: Buffer.alloc(0), next: { inode: newer.inode, offset: 0 } }
    }
    const buffer = Buffer.alloc(Math.max(0, Math.min(file.size - start, CHUNK)))
    const read = readSync(file.fd, buffer, 0, buffer.length, start)
    return { chunk: buffer.subarray(0, read), next: { inode: file.inode, offset: start + read } }
  } finally {
    closeLogs(files)
  }
}
