/**
 * Follows the file that HAProxy's workers append to, old workers too, and counts each line once: how far it was read
 * is written down together with the figures.
 */
import { existsSync, fstatSync, ftruncateSync } from 'node:fs'
import { appendFile, copyFile, type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { z } from 'zod'
import { writeBeside } from '../../lib/write-beside.ts'
import { countLine, type Figures, readLine } from './figures.ts'
import type { HaproxyFiles } from './settings.ts'

export type RequestLog = {
  readonly figures: Figures
  /** Counts what was written up to now. */
  catchUp(): Promise<void>
  /** Writes the figures down when they changed, and turns the file over when it has grown large. */
  keep(): Promise<void>
  touch(): void
  close(): Promise<void>
}

type Options = { files: HaproxyFiles; keepOld: boolean; largestBytes?: number }

const CHUNK = 1 << 20
const saved = z.object({ offset: z.int(), figures: z.record(z.string(), z.custom<Figures[string]>()) })

export async function openRequestLog({
  files,
  keepOld,
  largestBytes = 64 << 20,
}: Options): Promise<RequestLog> {
  await appendFile(files.accessLog, '', { mode: 0o640 })
  const file = await open(files.accessLog, 'r+')
  const start = existsSync(files.figures)
    ? saved.parse(JSON.parse(await readFile(files.figures, 'utf8')))
    : { offset: 0, figures: {} }
  const { size } = await file.stat()
  const follower = new Follower(file, start.offset <= size ? start.offset : 0, start.figures)
  let running: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = running.then(work, work)
    running = next.catch(() => undefined)
    return next
  }
  const save = async (): Promise<void> => {
    if (!follower.changed) return
    follower.changed = false
    await writeBeside(files.figures, JSON.stringify({ offset: follower.offset, figures: follower.figures }))
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
        if (follower.offset > largestBytes) await turnOver(follower, files, keepOld)
        await save()
      }),
    close: () =>
      inTurn(async () => {
        await follower.catchUp()
        await save()
        await file.close()
      }),
  }
}

class Follower {
  changed = false
  readonly #buffer = Buffer.allocUnsafe(CHUNK)

  readonly file: FileHandle
  offset: number
  readonly figures: Figures

  constructor(file: FileHandle, offset: number, figures: Figures) {
    this.file = file
    this.offset = offset
    this.figures = figures
  }

  /** Whole lines only: the rest of a line is read again with its end. */
  async catchUp(): Promise<void> {
    for (;;) {
      const { bytesRead } = await this.file.read(this.#buffer, 0, CHUNK, this.offset)
      const end = this.#buffer.subarray(0, bytesRead).lastIndexOf(10)
      if (end === -1) return
      this.#count(this.#buffer.toString('latin1', 0, end))
      this.offset += end + 1
      this.changed = true
    }
  }

  #count(text: string): void {
    for (const line of text.split('\n')) {
      const read = readLine(line)
      if (read !== undefined) countLine(this.figures, read)
    }
  }
}

/**
 * HAProxy holds the file open and appends, so it is emptied rather than renamed. Size and emptying are one after the
 * other without a pause: a line that falls between them would be lost to the counts.
 */
async function turnOver(follower: Follower, files: HaproxyFiles, keepOld: boolean): Promise<void> {
  const old = `${files.accessLog}.1`
  if (keepOld) {
    await copyFile(files.accessLog, `${old}.new`)
    await rename(`${old}.new`, old)
  } else await rm(old, { force: true })
  await follower.catchUp()
  if (fstatSync(follower.file.fd).size !== follower.offset) return
  ftruncateSync(follower.file.fd)
  follower.offset = 0
  follower.changed = true
}
