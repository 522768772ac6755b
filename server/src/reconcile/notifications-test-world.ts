import { openDb } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createMasker } from '../lib/mask.ts'
import { createSealer } from '../lib/seal.ts'
import { createHttpNotifier } from '../notifiers/http-notifier.ts'
import { createNotificationHandler } from './notifications.ts'

export const testMasterKey = Buffer.alloc(32, 9)
export const PUBLIC_URL = 'https://fairway.example.com'

/** Runs the worker that tells others until stopped. */
export async function startNotificationWorker(
  connectionString: string,
  options: { crash?: CrashPoints; log?: Log; clock?: Clock } = {},
): Promise<{ stop(): Promise<void> }> {
  const { crash = noCrashPoints, log = silentLog(), clock = systemClock } = options
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const masker = createMasker()
  const run = createNotificationHandler({
    db,
    crash,
    log,
    clock,
    sealer: createSealer(testMasterKey, masker.add),
    mask: masker.mask,
    notifier: createHttpNotifier({ allowPrivate: true }),
    publicUrl: PUBLIC_URL,
  })
  const handlers = { notification: { run, concurrency: 4 } }
  const loop = startWorkLoop({ db, listener, worker, log, handlers })
  return {
    stop: async () => {
      await loop.stop()
      await listener.close()
      await worker.close()
      await db.destroy()
    },
  }
}

const [, program = '', connectionString, point] = process.argv
if (program.includes('notifications-test-world') && connectionString !== undefined)
  await startNotificationWorker(connectionString, {
    crash: point === undefined ? noCrashPoints : crashAt(point),
    log: createLog('error', (text) => text),
  })
