/**
 * The log collector: one small process for all instances of a data folder. It reads their pipes, stamps each line
 * with its time, and writes rotating files. It outlives the control plane; if it dies, instances only wait once their
 * pipe is full, and the control plane starts another one. Argument: the folder of the instances.
 */
import { constants, existsSync, openSync, readdirSync, unlinkSync, watch, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { formatLine } from './log-format.ts'
import { RotatingFile } from './rotating-file.ts'

const RESCAN_MS = 500
const LONGEST_LINE = 16 * 1024
/** After an exit the last lines are still in the pipe for a moment. */
const LINGER_MS = 300

const root = process.argv[2] ?? ''
const following = new Map<string, { close(): void; exitedAt: number | undefined }>()

function scan(): void {
  for (const name of readdirSync(root)) {
    const folder = join(root, name)
    const known = following.get(name)
    if (known === undefined) {
      if (existsSync(join(folder, 'stdout')) && !existsSync(join(folder, 'log.done'))) follow(name, folder)
    } else if (!existsSync(folder)) forget(name)
    else if (existsSync(join(folder, 'exit'))) finish(name, folder, known)
  }
}

function follow(name: string, folder: string): void {
  const file = new RotatingFile(join(folder, 'log'))
  const sockets = (['stdout', 'stderr'] as const).map((stream) => {
    // Opened for writing too, so that the pipe never ends while the instance may still be starting.
    const fd = openSync(join(folder, stream), constants.O_RDWR | constants.O_NONBLOCK)
    const socket = new Socket({ fd, readable: true, writable: false })
    const lines = lineSplitter((text) =>
      file.write(formatLine(new Date().toISOString(), stream === 'stdout' ? 'o' : 'e', text)),
    )
    socket.on('data', lines.push)
    socket.on('error', () => socket.destroy())
    return { socket, lines }
  })
  const close = (): void => {
    for (const { socket, lines } of sockets) {
      lines.flush()
      socket.destroy()
    }
    file.close()
  }
  following.set(name, { close, exitedAt: undefined })
}

function finish(name: string, folder: string, known: { exitedAt: number | undefined }): void {
  known.exitedAt ??= performance.now()
  if (performance.now() - known.exitedAt < LINGER_MS) return
  forget(name)
  if (existsSync(folder)) writeFileSync(join(folder, 'log.done'), '')
}

function forget(name: string): void {
  following.get(name)?.close()
  following.delete(name)
}

/** Cuts chunks into lines; a line that never ends is cut after `LONGEST_LINE` bytes. */
function lineSplitter(emit: (text: string) => void): { push(chunk: Buffer): void; flush(): void } {
  let rest: Buffer = Buffer.alloc(0)
  const flush = (): void => {
    if (rest.length > 0) emit(rest.toString())
    rest = Buffer.alloc(0)
  }
  return {
    flush,
    push(chunk) {
      let buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      for (let at = buffer.indexOf(10); at >= 0; at = buffer.indexOf(10)) {
        emit(buffer.toString('utf8', 0, at))
        buffer = buffer.subarray(at + 1)
      }
      rest = buffer
      if (rest.length > LONGEST_LINE) flush()
    },
  }
}

function start(): void {
  const pidFile = join(root, '.collector')
  writeFileSync(pidFile, String(process.pid))
  watch(root, scan)
  setInterval(scan, RESCAN_MS)
  scan()
  process.on('SIGTERM', () => {
    for (const name of following.keys()) forget(name)
    unlinkSync(pidFile)
    process.exit(0)
  })
}

start()
