import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { silentLog } from '../lib/log.ts'
import { programArguments } from '../lib/test-life.ts'
import type { Db } from './db.ts'
import { openListener } from './listen.ts'
import { withTestDb } from './test-db.ts'
import { schedule, withLease } from './work.ts'
import { startWorkLoop, type WorkHandlers } from './work-loop.ts'
import { registerWorker } from './workers.ts'

async function withLoop<T>(
  db: Db,
  connectionString: string,
  handlers: WorkHandlers,
  work: () => Promise<T>,
): Promise<T> {
  const log = silentLog()
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const loop = startWorkLoop({ db, listener, worker, handlers, log, leaseMs: 3000 })
  try {
    return await work()
  } finally {
    await loop.stop()
    await worker.close()
    await listener.close()
  }
}

const until = async (condition: () => boolean, ms = 10_000): Promise<void> => {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('the work loop', () => {
  test('runs what is scheduled at once, and again when it asks to be woken', () =>
    withTestDb(async (db, { connectionString }) => {
      let passes = 0
      const run = async () => {
        passes += 1
        return { wakeAfterMs: passes < 3 ? 20 : null }
      }
      await withLoop(db, connectionString, { build: { run, concurrency: 1 } }, async () => {
        const started = performance.now()
        await schedule(db, 'build', 'p/a')
        await until(() => passes === 3)
        expect(performance.now() - started).toBeLessThan(1500)
      })
    }))

  test('never runs more of a kind at once than its concurrency', () =>
    withTestDb(async (db, { connectionString }) => {
      let now = 0
      let most = 0
      let done = 0
      const run = async () => {
        now += 1
        most = Math.max(most, now)
        await new Promise((resolve) => setTimeout(resolve, 20))
        now -= 1
        done += 1
        return { wakeAfterMs: null }
      }
      await withLoop(db, connectionString, { build: { run, concurrency: 2 } }, async () => {
        for (let i = 0; i < 10; i += 1) await schedule(db, 'build', `p/${i}`)
        await until(() => done === 10)
        expect(most).toBe(2)
      })
    }))

  test('tries again after an unexpected error', () =>
    withTestDb(async (db, { connectionString }) => {
      let passes = 0
      const run = async () => {
        passes += 1
        if (passes === 1) throw new Error('the disk blinked')
        return { wakeAfterMs: null }
      }
      await withLoop(db, connectionString, { build: { run, concurrency: 1 } }, async () => {
        await schedule(db, 'build', 'p/a')
        await until(() => passes === 2)
      })
    }))

  test('a long pass keeps its lease, so nobody else runs it meanwhile', () =>
    withTestDb(async (db, { connectionString }) => {
      let wrote = false
      const handlers: WorkHandlers = {
        build: {
          concurrency: 1,
          run: async (item) => {
            await new Promise((resolve) => setTimeout(resolve, 4500))
            wrote = await withLease(db, item, async () => true)
            return { wakeAfterMs: null }
          },
        },
      }
      await withLoop(db, connectionString, handlers, async () => {
        await schedule(db, 'build', 'p/a')
        await until(() => wrote)
      })
    }))

  test('what a killed worker held is taken over at once, not when its lease runs out', () =>
    withTestDb(async (db, { connectionString }) => {
      await schedule(db, 'build', 'p/a')
      const child = spawn(
        process.execPath,
        [...programArguments('test-stuck-worker.ts', import.meta.url), connectionString],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      await once(child.stdout, 'data')
      child.kill('SIGKILL')
      await once(child, 'exit')

      let taken = false
      const run = async () => {
        taken = true
        return { wakeAfterMs: null }
      }
      await withLoop(db, connectionString, { build: { run, concurrency: 1 } }, async () => {
        const started = performance.now()
        await until(() => taken)
        expect(performance.now() - started).toBeLessThan(3000)
      })
    }))
})
