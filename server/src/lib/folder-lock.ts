import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasCode } from './has-code.ts'

/** Held until `release` or until this process ends, however it ends. */
export type FolderLock = { release(): Promise<void> }

/**
 * Takes the one lock of a folder, or answers which process has it. The lock is a listening socket named after the
 * folder: the system frees it with its process, so nothing stale can be left, and it tells its owner's process id.
 */
export async function lockFolder(folder: string): Promise<FolderLock | { heldBy: number | undefined }> {
  const name = await socketName(folder)
  const lock = await tryListen(name)
  if (lock !== undefined) return lock
  const heldBy = await askOwner(name)
  if (heldBy !== 'gone') return { heldBy }
  // Only where sockets are files: its process ended without removing it.
  if (!name.startsWith('\0')) await rm(name, { force: true })
  return (await tryListen(name)) ?? { heldBy: undefined }
}

/** Linux has names outside the file system that vanish with their process; elsewhere it is a file. */
async function socketName(folder: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, 32)
  return process.platform === 'linux' ? `\0fairway-${hash}` : join(tmpdir(), `fairway-${hash}.lock`)
}

async function tryListen(name: string): Promise<FolderLock | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(String(process.pid))
  })
  try {
    server.listen(name)
    await once(server, 'listening')
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) return undefined
    throw error
  }
  server.unref()
  return { release: () => close(server) }
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())))

const ANSWER_MS = 2000

/** The owner's process id, undefined when it does not tell, `gone` when nobody listens. */
async function askOwner(name: string): Promise<number | undefined | 'gone'> {
  const socket = connect(name)
  socket.setTimeout(ANSWER_MS, () => socket.destroy())
  try {
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    return Number(text) || undefined
  } catch (error) {
    if (hasCode(error, 'ECONNREFUSED', 'ENOENT')) return 'gone'
    if (hasCode(error, 'ECONNRESET', 'EPIPE')) return undefined
    throw error
  } finally {
    socket.destroy()
  }
}
