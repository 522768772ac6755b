import { FairwayError } from '@fairway/contract/errors'
import type { Log } from '../lib/log.ts'
import type { Db } from './db.ts'
import type { Listener } from './listen.ts'
import {
  claimDue,
  nextDueInMs,
  renewLease,
  settle,
  WORK_CHANNEL,
  type WorkItem,
  type WorkKind,
} from './work.ts'
import { releaseDeadWorkers, type Worker } from './workers.ts'

/** One level-triggered pass over one item. A throw is unexpected and tried again later. */
export type WorkHandler = (item: WorkItem, signal: AbortSignal) => Promise<{ wakeAfterMs: number | null }>

export type WorkHandlers = Partial<Record<WorkKind, { run: WorkHandler; concurrency: number }>>

export type WorkLoopDeps = {
  db: Db
  listener: Pick<Listener, 'on'>
  worker: Pick<Worker, 'id'>
  handlers: WorkHandlers
  log: Log
  leaseMs?: number
}

export type WorkLoop = { stop(): Promise<void> }

const LEASE_MS = 15_000
/** The safety net: a notification that was missed costs at most this long. */
const LONGEST_SLEEP_MS = 2000
const DEAD_WORKER_CHECK_MS = 2000
const MAX_BACKOFF_MS = 60_000

/** How long to wait after the nth unexpected error in a row. */
export const backoffMs = (failures: number): number => Math.min(1000 * 2 ** failures, MAX_BACKOFF_MS)

type Running = { item: WorkItem; abort: AbortController; done: Promise<void> }

/** Claims due work and runs its handlers until stopped. */
export function startWorkLoop(deps: WorkLoopDeps): WorkLoop {
  const loop = new Loop(deps)
  loop.wake()
  return loop
}

class Loop implements WorkLoop {
  readonly #deps: WorkLoopDeps
  readonly #leaseMs: number
  readonly #running = new Map<WorkKind, Set<Running>>()
  readonly #timers: NodeJS.Timeout[]
  readonly #unlisten: () => void
  #timer: NodeJS.Timeout | undefined
  #polling: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(deps: WorkLoopDeps) {
    this.#deps = deps
    this.#leaseMs = deps.leaseMs ?? LEASE_MS
    this.#unlisten = deps.listener.on(WORK_CHANNEL, () => this.wake())
    this.#timers = [
      setInterval(() => void this.#renewAll(), this.#leaseMs / 3),
      setInterval(() => void this.#releaseDead(), DEAD_WORKER_CHECK_MS),
    ]
    void this.#releaseDead()
  }

  /** Looks for due work now; calls that come meanwhile are folded into one more look. */
  wake(): void {
    if (this.#stopped) return
    if (this.#polling !== undefined) {
      this.#again = true
      return
    }
    this.#again = false
    this.#polling = this.#poll().finally(() => {
      this.#polling = undefined
      if (this.#again) this.wake()
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#unlisten()
    clearTimeout(this.#timer)
    for (const timer of this.#timers) clearInterval(timer)
    await this.#polling
    const running = [...this.#running.values()].flatMap((set) => [...set])
    for (const { abort } of running) abort.abort(new FairwayError('aborted', 'Fairway is stopping.'))
    await Promise.all(running.map(({ done }) => done))
  }

  async #poll(): Promise<void> {
    const { db, handlers, log } = this.#deps
    try {
      for (const kind of Object.keys(handlers) as WorkKind[]) await this.#claim(kind)
      const kinds = (Object.keys(handlers) as WorkKind[]).filter((kind) => this.#free(kind) > 0)
      const due = (await nextDueInMs(db, kinds)) ?? LONGEST_SLEEP_MS
      this.#sleep(Math.min(Math.max(due, 1), LONGEST_SLEEP_MS))
    } catch (error) {
      log.error({ err: error }, 'cannot look for work; trying again')
      this.#sleep(1000)
    }
  }

  #sleep(ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#stopped) this.#timer = setTimeout(() => this.wake(), ms)
  }

  #free(kind: WorkKind): number {
    return (this.#deps.handlers[kind]?.concurrency ?? 0) - (this.#running.get(kind)?.size ?? 0)
  }

  async #claim(kind: WorkKind): Promise<void> {
    const limit = this.#free(kind)
    if (limit <= 0 || this.#stopped) return
    const { db, worker } = this.#deps
    const items = await claimDue(db, { kinds: [kind], worker: worker.id, leaseMs: this.#leaseMs, limit })
    for (const item of items) this.#start(item)
  }

  #start(item: WorkItem): void {
    const set = this.#running.get(item.kind) ?? new Set<Running>()
    this.#running.set(item.kind, set)
    const abort = new AbortController()
    const running: Running = { item, abort, done: Promise.resolve() }
    set.add(running)
    running.done = this.#run(item, abort.signal).finally(() => {
      set.delete(running)
      this.wake()
    })
  }

  async #run(item: WorkItem, signal: AbortSignal): Promise<void> {
    const { db, log } = this.#deps
    const next = await this.#pass(item, signal)
    if (next === undefined) return
    try {
      await settle(db, item, next)
    } catch (error) {
      // The lease runs out by itself, and the work is taken up again.
      log.error({ err: error, kind: item.kind, key: item.key }, 'cannot give a lease back')
    }
  }

  /** Undefined: the lease is somebody else's now, so there is nothing to settle. */
  async #pass(item: WorkItem, signal: AbortSignal) {
    const { handlers, log } = this.#deps
    try {
      const handler = handlers[item.kind]
      if (handler === undefined) throw new Error(`no handler for ${item.kind}`)
      return await handler.run(item, signal)
    } catch (error) {
      if (error instanceof FairwayError && error.code === 'lease_lost') return undefined
      if (this.#stopped) return { wakeAfterMs: 0 }
      log.error({ err: error, kind: item.kind, key: item.key }, 'work failed unexpectedly; trying again')
      return { wakeAfterMs: backoffMs(item.failures), failed: true }
    }
  }

  async #renewAll(): Promise<void> {
    const all = [...this.#running.values()].flatMap((set) => [...set])
    await Promise.all(all.map((running) => this.#renew(running)))
  }

  async #renew({ item, abort }: Running): Promise<void> {
    const { db, log } = this.#deps
    try {
      if (await renewLease(db, item, this.#leaseMs)) return
      abort.abort(new FairwayError('lease_lost', 'This work was taken over by another worker.'))
    } catch (error) {
      log.warn({ err: error, kind: item.kind, key: item.key }, 'cannot renew a lease now')
    }
  }

  async #releaseDead(): Promise<void> {
    const { db, log } = this.#deps
    try {
      if ((await releaseDeadWorkers(db, log)) > 0) this.wake()
    } catch (error) {
      if (!this.#stopped) log.warn({ err: error }, 'cannot look for workers that are gone')
    }
  }
}
