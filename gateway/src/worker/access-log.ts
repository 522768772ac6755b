/**
 * One JSON line a request, in a file of this worker's own, so that no two processes rotate the same file. Lines are
 * collected and written every quarter of a second. A disk that refuses them costs log lines, never requests.
 */
import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { log, messageOf } from '../log.ts'

export type AccessEntry = {
  service: string | undefined
  backend: string | undefined
  client: string
  method: string
  host: string
  target: string
  status: number
  ms: number
  attempts: number
  requestId: string
}

export type AccessLog = { write(entry: AccessEntry): void; close(): void }

export type AccessLogFile = { path: string; maxBytes: number; keep: number }

export const noAccessLog: AccessLog = { write: () => undefined, close: () => undefined }

const FLUSH_MS = 250
const FLUSH_CHARACTERS = 64 * 1024

export function openAccessLog(file: AccessLogFile): AccessLog {
  let lines = ''
  let lost = 0
  let target = openForAppend(file.path)

  const flush = (): void => {
    if (lines === '') return
    const text = lines
    lines = ''
    try {
      target.size += writeSync(target.fd, text)
      if (target.size > file.maxBytes) target = rotate(file, target.fd)
    } catch (error) {
      lost += 1
      if (lost === 1) log('access-log.lost', { path: file.path, reason: messageOf(error) })
    }
  }
  const timer = setInterval(flush, FLUSH_MS)
  timer.unref()

  return {
    write: (entry) => {
      lines += `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`
      if (lines.length > FLUSH_CHARACTERS) flush()
    },
    close: () => {
      clearInterval(timer)
      flush()
      closeSync(target.fd)
    },
  }
}

function openForAppend(path: string): { fd: number; size: number } {
  const fd = openSync(path, 'a', 0o640)
  return { fd, size: fstatSync(fd).size }
}

/** `access.log` becomes `.1`, `.1` becomes `.2`, and what is older than `keep` goes. */
function rotate(file: AccessLogFile, fd: number): { fd: number; size: number } {
  closeSync(fd)
  rmSync(`${file.path}.${file.keep}`, { force: true })
  for (let age = file.keep - 1; age >= 1; age -= 1)
    renameIfThere(`${file.path}.${age}`, `${file.path}.${age + 1}`)
  if (file.keep > 0) renameIfThere(file.path, `${file.path}.1`)
  else rmSync(file.path, { force: true })
  return openForAppend(file.path)
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
