import type { Log } from '../lib/log.ts'
import type { Runtime } from './runtime-port.ts'

/**
 * Instances that the runtime is ending now. A grace period may last minutes, and nobody should wait for it; after a
 * restart of Fairway the rows still say `stopping`, and the ending begins again.
 */
export type Endings = {
  has(runtimeId: string): boolean
  /** Begins to end it unless that is under way; `onEnded` is called when it is over. */
  begin(runtimeId: string, graceMs: number, onEnded: () => void): void
  /** Resolves when nothing is being ended. */
  settled(): Promise<void>
}

export function createEndings(runtime: Pick<Runtime, 'stop'>, log: Log): Endings {
  const underWay = new Map<string, Promise<void>>()
  const end = async (runtimeId: string, graceMs: number): Promise<void> => {
    try {
      await runtime.stop(runtimeId, graceMs)
    } catch (error) {
      log.error({ err: error, instance: runtimeId }, 'cannot stop an instance; trying again')
    }
  }
  return {
    has: (runtimeId) => underWay.has(runtimeId),
    begin: (runtimeId, graceMs, onEnded) => {
      if (underWay.has(runtimeId)) return
      const ending = end(runtimeId, graceMs).then(() => {
        underWay.delete(runtimeId)
        onEnded()
      })
      underWay.set(runtimeId, ending)
    },
    settled: async () => {
      await Promise.all(underWay.values())
    },
  }
}
