import { writeSync } from 'node:fs'

/**
 * A named place where a test may kill the process, to prove that the work goes on after it.
 * In production `hit` is a no-op; the test build of the app passes one that ends the process.
 */
export type CrashPoints = { hit(name: string): void }

export const noCrashPoints: CrashPoints = { hit: () => undefined }

/** Kills this process, as `kill -9` would, the `nth` time one of the named points is reached, and says at which. */
export function crashAt(names: string | readonly string[], nth = 1): CrashPoints {
  const wanted = [names].flat()
  let seen = 0
  return {
    hit: (reached) => {
      if (!wanted.includes(reached)) return
      seen += 1
      if (seen !== nth) return
      // Written at once: nothing that waits is written any more.
      writeSync(2, `killed at ${reached}\n`)
      process.kill(process.pid, 'SIGKILL')
    },
  }
}
