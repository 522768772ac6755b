import { join } from 'node:path'
import { createBuildLogs } from '../builders/build-logs.ts'
import { createBundleBuilder } from '../builders/bundle/bundle-builder.ts'
import { openDb } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import { openListener } from '../db/listen.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { systemClock } from '../lib/clock.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createMasker } from '../lib/mask.ts'
import { createSealer } from '../lib/seal.ts'
import { createGitSource } from '../sources/git/source.ts'
import { createBuildHandler } from './builds.ts'
import { createRetentionHandler } from './retention.ts'

export const testMasterKey = Buffer.alloc(32, 7)

export const testBuilder = (folder: string, crash: CrashPoints = noCrashPoints) =>
  createBundleBuilder({
    root: join(folder, 'artifacts'),
    npmCache: join(folder, 'npm-cache'),
    timeoutSeconds: 120,
    crash,
  })

export const testLogs = (folder: string) =>
  createBuildLogs({ root: join(folder, 'builds'), clock: systemClock })

/** Runs the workers of builds and artifacts on a folder until stopped. */
export async function startBuildWorker(
  connectionString: string,
  folder: string,
  { crash = noCrashPoints, log = silentLog() }: { crash?: CrashPoints; log?: Log } = {},
): Promise<{ stop(): Promise<void> }> {
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const masker = createMasker()
  const builder = testBuilder(folder, crash)
  const build = createBuildHandler({
    db,
    builder,
    crash,
    log,
    source: createGitSource(),
    logs: testLogs(folder),
    sealer: createSealer(testMasterKey, masker.add),
    mask: masker.mask,
    checkouts: join(folder, 'checkouts'),
    timeoutSeconds: 120,
    clock: systemClock,
    onSuccess: (tx, { project_id, id }) =>
      recordEvent(tx, { projectId: project_id, topic: 'service', subject: id, type: 'test.followed' }),
  })
  const loop = startWorkLoop({
    db,
    listener,
    worker,
    log,
    handlers: {
      build: { run: build, concurrency: 2 },
      sweep: { run: createRetentionHandler({ db, builder, crash, log }), concurrency: 1 },
    },
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

const [, program = '', connectionString, folder, point] = process.argv
if (program.includes('builds-test-world') && connectionString !== undefined && folder !== undefined)
  await startBuildWorker(connectionString, folder, {
    crash: point === undefined ? noCrashPoints : crashAt(point),
    log: createLog('error', (text) => text),
  })
