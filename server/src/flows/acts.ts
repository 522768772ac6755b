import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from './model.ts'

export type ActEnd = { is: 'answer'; value: unknown } | { is: 'error'; outcome: Outcome }

type Act = { abort: AbortController; done: Promise<void>; end: ActEnd | undefined }

/** The work on the world that steps of one session have under way. It lives as long as the session holds its lease. */
export class Acts {
  private readonly acts = new Map<string, Act>()

  get size(): number {
    return this.acts.size
  }

  has(path: string): boolean {
    return this.acts.has(path)
  }

  start(path: string, work: (signal: AbortSignal) => Promise<ActEnd>): void {
    const abort = new AbortController()
    const act: Act = { abort, end: undefined, done: Promise.resolve() }
    act.done = work(abort.signal).then((end) => {
      act.end = end
    })
    this.acts.set(path, act)
  }

  /** What has ended, once each. */
  take(path: string): ActEnd | undefined {
    const end = this.acts.get(path)?.end
    if (end !== undefined) this.acts.delete(path)
    return end
  }

  ended(): string[] {
    return [...this.acts].filter(([, act]) => act.end !== undefined).map(([path]) => path)
  }

  stop(path: string): void {
    this.acts.get(path)?.abort.abort()
  }

  /** Resolves when one of them ends, after `ms`, or when the signal aborts. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    const timer = new AbortController()
    const stop = (): void => timer.abort()
    signal.addEventListener('abort', stop, { once: true })
    try {
      const time = sleep(Math.max(ms, 1), undefined, { signal: timer.signal })
      await Promise.race([...[...this.acts.values()].map(({ done }) => done), time])
    } catch (error) {
      if (!timer.signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', stop)
      timer.abort()
    }
  }

  /** Stops all and waits until they have. */
  async close(): Promise<void> {
    for (const { abort } of this.acts.values()) abort.abort()
    await Promise.all([...this.acts.values()].map(({ done }) => done))
  }
}
