import { existsSync, mkdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { hasCode } from '../../lib/has-code.ts'
import { isAlive } from './proc.ts'

/** What a notification missed is found this late. */
const CHECK_MS = 2000
const CHECK_WITHOUT_NOTIFICATION_MS = 250

export type ExitWatch = {
  /** Watches an instance that runs under this shim. */
  track(id: string, shim: number): void
  untrack(id: string): void
  close(): void
}

/** Shims make a file here when their program ended. */
export const exitsFolder = (root: string): string => join(root, '.exits')

/** Calls `onExit` for each tracked instance that ended; again later when it fails. */
export function watchExits(root: string, onExit: (id: string) => Promise<void>): ExitWatch {
  const tracked = new Map<string, number>()
  const check = (id: string): void => {
    const shim = tracked.get(id)
    if (shim === undefined || (isAlive(shim) && !existsSync(join(root, id, 'exit')))) return
    tracked.delete(id)
    // Tried again at the next look.
    onExit(id).catch(() => tracked.set(id, shim))
  }
  const stopListening = listen(exitsFolder(root), check)
  const timer = setInterval(
    () => {
      for (const id of tracked.keys()) check(id)
    },
    stopListening === undefined ? CHECK_WITHOUT_NOTIFICATION_MS : CHECK_MS,
  )
  timer.unref()
  return {
    track: (id, shim) => {
      tracked.set(id, shim)
      // It may have ended before we began to listen.
      setImmediate(() => check(id))
    },
    untrack: (id) => void tracked.delete(id),
    close: () => {
      clearInterval(timer)
      stopListening?.()
    },
  }
}

/** Undefined where the system has no watch left. */
function listen(folder: string, onName: (name: string) => void): (() => void) | undefined {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  try {
    const watcher = watch(folder, (_, name) => {
      if (name !== null) onName(name)
    })
    watcher.on('error', () => watcher.close())
    watcher.unref()
    return () => watcher.close()
  } catch (error) {
    if (!hasCode(error, 'ENOSPC', 'EMFILE', 'ENFILE')) throw error
    return undefined
  }
}
