import { openDb } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { silentLog } from '../lib/log.ts'
import { createSealer } from '../lib/seal.ts'
import { createImageRegistry } from '../registries/image-registry.ts'
import { hostPlatform } from '../registries/platform.ts'
import { createImageCheckHandler } from './image-checks.ts'

export const testMasterKey = Buffer.alloc(32, 7)
export const testImages = createImageRegistry({ platform: hostPlatform(), timeoutMs: 3000 })

/** Runs the worker that follows images until stopped. */
export async function startImageWorker(
  connectionString: string,
  crash: CrashPoints = noCrashPoints,
): Promise<{ stop(): Promise<void> }> {
  const log = silentLog()
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const sealer = createSealer(testMasterKey)
  const run = createImageCheckHandler({
    db,
    crash,
    log,
    sealer,
    images: testImages,
    intervalSeconds: 0.2,
    random: () => 0.5,
  })
  const handlers = { image_check: { run, concurrency: 4 } }
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

const [, program = '', connectionString, point = ''] = process.argv
if (program.includes('image-checks-test-world') && connectionString !== undefined)
  await startImageWorker(connectionString, point === '' ? noCrashPoints : crashAt(point))
