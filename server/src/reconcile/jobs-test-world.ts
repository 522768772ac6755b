import { join } from 'node:path'
import { openDb } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createMasker } from '../lib/mask.ts'
import { createSealer } from '../lib/seal.ts'
import { createProcessRuntime } from '../runtimes/process/process-runtime.ts'
import { createJobHandler } from './cron.ts'
import type { JobDeps } from './job-deps.ts'
import { createJobRunHandler } from './job-runs.ts'

export const testMasterKey = Buffer.alloc(32, 7)
export const bundleOf = (folder: string): string => join(folder, 'bundle')

type Options = { crash?: CrashPoints; log?: Log; clock?: Clock }

/** Runs the workers of jobs on a folder, with the real process runtime, until stopped. */
export async function startJobWorker(
  connectionString: string,
  folder: string,
  { crash = noCrashPoints, log = silentLog(), clock = systemClock }: Options = {},
): Promise<{ stop(): Promise<void> }> {
  const { db, pool } = openDb(connectionString)
  // A pool has ended before its connections have: the drop of the database may cut the last of them.
  pool.on('error', (error) => log.debug({ err: error }, 'an idle database connection was lost'))
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const masker = createMasker()
  const runtime = await createProcessRuntime({ root: join(folder, 'instances') })
  const deps: JobDeps = {
    db,
    runtime,
    crash,
    log,
    clock,
    locate: async (digest) =>
      digest === 'sha256:gone' ? undefined : { kind: 'bundle', digest, path: bundleOf(folder) },
    sealer: createSealer(testMasterKey, masker.add),
    mask: masker.mask,
    backoff: { baseMs: 50, maxMs: 100 },
  }
  const loop = startWorkLoop({
    db,
    listener,
    worker,
    log,
    handlers: {
      job: { run: createJobHandler(deps), concurrency: 2 },
      job_run: { run: createJobRunHandler(deps), concurrency: 4 },
    },
  })
  return {
    stop: async () => {
      await loop.stop()
      await runtime.close()
      await listener.close()
      await worker.close()
      await db.destroy()
    },
  }
}

const [, program = '', connectionString, folder, point] = process.argv
if (program.includes('jobs-test-world') && connectionString !== undefined && folder !== undefined)
  await startJobWorker(connectionString, folder, {
    crash: point === undefined ? noCrashPoints : crashAt(point),
    log: createLog('error', (text) => text),
  })
