import { openDb } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { createHostReporter } from '../hosts/host-reporter.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createSealer } from '../lib/seal.ts'
import { createHostReportHandler } from './host-reports.ts'

export const testMasterKey = Buffer.alloc(32, 9)
export const PUBLIC_URL = 'https://fairway.example.com'

/** Runs the worker that tells git hosts until stopped. */
export async function startReportWorker(
  connectionString: string,
  { crash = noCrashPoints, log = silentLog() }: { crash?: CrashPoints; log?: Log } = {},
): Promise<{ stop(): Promise<void> }> {
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const run = createHostReportHandler({
    db,
    crash,
    log,
    sealer: createSealer(testMasterKey),
    reporter: createHostReporter(),
    publicUrl: PUBLIC_URL,
  })
  const loop = startWorkLoop({
    db,
    listener,
    worker,
    log,
    handlers: { host_report: { run, concurrency: 4 } },
  })
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
if (program.includes('host-reports-test-world') && connectionString !== undefined)
  await startReportWorker(connectionString, {
    crash: point === undefined ? noCrashPoints : crashAt(point),
    log: createLog('error', (text) => text),
  })
