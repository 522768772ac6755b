import type { Log } from '../lib/log.ts'

/** Does something now and then, never twice at once; an error is logged and the next time comes. */
export function repeat(
  { everyMs, log, what }: { everyMs: number; log: Log; what: string },
  work: () => Promise<void>,
): { stop(): Promise<void>; now(): Promise<void> } {
  let underWay: Promise<void> | undefined
  let stopped = false
  const once = (): Promise<void> => {
    if (stopped) return Promise.resolve()
    underWay ??= work()
      .catch((error: unknown) => {
        if (!stopped) log.warn({ err: error }, `${what} failed; trying again`)
      })
      .finally(() => {
        underWay = undefined
      })
    return underWay
  }
  const timer = setInterval(() => void once(), everyMs)
  timer.unref()
  return {
    now: once,
    stop: async () => {
      stopped = true
      clearInterval(timer)
      await underWay
    },
  }
}
