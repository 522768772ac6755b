/**
 * A named place where a test may kill the process, to prove that the work goes on after it.
 * In production `hit` is a no-op; the test build of the app passes one that ends the process.
 */
export type CrashPoints = { hit(name: string): void }

export const noCrashPoints: CrashPoints = { hit: () => undefined }

/** Kills this process, as `kill -9` would, the `nth` time the named point is reached. */
export function crashAt(name: string, nth = 1): CrashPoints {
  let seen = 0
  return {
    hit: (reached) => {
      if (reached !== name) return
      seen += 1
      if (seen === nth) process.kill(process.pid, 'SIGKILL')
    },
  }
}
