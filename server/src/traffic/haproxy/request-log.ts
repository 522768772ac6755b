/**
 * Follows the file that HAProxy's workers write to, old workers too, and counts each line once: how far it was read
 * is written down together with the figures.
 *
 * HAProxy clears the append mode of its output and goes on from where its own writing stands. So each start of HAProxy
 * gets a file of its own, and a file that is emptied keeps its positions: its beginning is a hole.
 *
 * HAProxy drops a line rather than wait when two of its threads write at the same moment (`DroppedLogs` in its
 * `show info`): on a crowded machine a few in a thousand, so the counts may be short by so much.
 */
import { createReadStream, createWriteStream, existsSync, fstatSync, ftruncateSync } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { writeBeside } from '../../lib/write-beside.ts'
import { countLine, type Figures } from './figures.ts'
import { LineReader } from './log-lines.ts'
import type { HaproxyFiles } from './settings.ts'

export type RequestLog = {
  readonly figures: Figures
  /** Counts what was written up to now. */
  catchUp(): Promise<void>
  /** Writes the figures down when they changed, and turns the file over when it has grown large. */
  keep(): Promise<void>
  /** Begins a new file, for an HAProxy about to start. */
  renew(): Promise<void>
  touch(): void
  close(): Promise<void>
}

type Options = { files: HaproxyFiles; keepOld: boolean; largestBytes?: number }

const CHUNK = 1 << 20
const saved = z.object({
  file: z.int(),
  offset: z.int(),
  turnedAt: z.int(),
  figures: z.record(z.string(), z.custom<Figures[string]>()),
})

export async function openRequestLog({
  files,
  keepOld,
  largestBytes = 64 << 20,
}: Options): Promise<RequestLog> {
  const file = await openLog(files)
  const none = { file: 0, offset: 0, turnedAt: 0, figures: {} }
  const start = existsSync(files.figures)
    ? saved.parse(JSON.parse(await readFile(files.figures, 'utf8')))
    : none
  const follower = new Follower(file, start.figures)
  if (start.file === fstatSync(file.fd).ino) follower.goOn(start)
  let running: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = running.then(work, work)
    running = next.catch(() => undefined)
    return next
  }
  const save = async (): Promise<void> => {
    if (!follower.changed) return
    follower.changed = false
    const { offset, turnedAt, figures } = follower
    const { ino } = fstatSync(follower.file.fd)
    await writeBeside(files.figures, JSON.stringify({ file: ino, offset, turnedAt, figures }))
  }
  return {
    figures: follower.figures,
    catchUp: () => inTurn(() => follower.catchUp()),
    touch: () => {
      follower.changed = true
    },
    keep: () =>
      inTurn(async () => {
        await follower.catchUp()
        if (follower.offset - follower.turnedAt > largestBytes) await turnOver(follower, files, keepOld)
        await save()
      }),
    renew: () =>
      inTurn(async () => {
        await follower.catchUp()
        await keepAside(follower, files, keepOld)
        await rm(files.accessLog, { force: true })
        await follower.file.close()
        follower.restart(await openLog(files))
        await save()
      }),
    close: () =>
      inTurn(async () => {
        await follower.catchUp()
        await save()
        await follower.file.close()
      }),
  }
}

const openLog = (files: HaproxyFiles): Promise<FileHandle> => open(files.accessLog, 'a+', 0o640)

class Follower {
  changed = false
  readonly #buffer = Buffer.allocUnsafe(CHUNK)
  readonly #lines = new LineReader()

  file: FileHandle
  offset = 0
  /** Where the file began when it was emptied last. */
  turnedAt = 0
  readonly figures: Figures

  constructor(file: FileHandle, figures: Figures) {
    this.file = file
    this.figures = figures
  }

  goOn({ offset, turnedAt }: { offset: number; turnedAt: number }): void {
    this.offset = offset
    this.turnedAt = turnedAt
  }

  restart(file: FileHandle): void {
    this.file = file
    this.goOn({ offset: 0, turnedAt: 0 })
    this.changed = true
  }

  /** Whole lines only: the rest of a line is read again with its end. */
  async catchUp(): Promise<void> {
    for (;;) {
      const { bytesRead } = await this.file.read(this.#buffer, 0, CHUNK, this.offset)
      const end = this.#buffer.subarray(0, bytesRead).lastIndexOf(10)
      if (end === -1) return
      this.#lines.read(this.#buffer, end, (line) => countLine(this.figures, line))
      this.offset += end + 1
      this.changed = true
    }
  }
}

/**
 * HAProxy holds the file open, so it is emptied rather than renamed. Looking and emptying are one after the other
 * without a pause: a line that falls between them would be lost to the counts.
 */
async function turnOver(follower: Follower, files: HaproxyFiles, keepOld: boolean): Promise<void> {
  await keepAside(follower, files, keepOld)
  await follower.catchUp()
  if (fstatSync(follower.file.fd).size !== follower.offset) return
  ftruncateSync(follower.file.fd)
  follower.turnedAt = follower.offset
  follower.changed = true
}

async function keepAside(
  { offset, turnedAt }: Follower,
  { accessLog }: HaproxyFiles,
  keepOld: boolean,
): Promise<void> {
  const old = `${accessLog}.1`
  if (!keepOld) return await rm(old, { force: true })
  if (offset === turnedAt) return
  const range = { start: turnedAt, end: offset - 1 }
  await pipeline(createReadStream(accessLog, range), createWriteStream(`${old}.new`, { mode: 0o640 }))
  await rename(`${old}.new`, old)
}
