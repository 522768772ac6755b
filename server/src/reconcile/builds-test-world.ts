import { join } from 'node:path'
import { createBuildLogs } from '../builders/build-logs.ts'
import { createBundleBuilder } from '../builders/bundle/bundle-builder.ts'
import { createImageBuilder } from '../builders/image/image-builder.ts'
import { programFolders, TEST_REGISTRY } from '../builders/image/test-programs.ts'
import { openDb } from '../db/db.ts'
import { recordEvent } from '../db/events.ts'
import { openListener } from '../db/listen.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { systemClock } from '../lib/clock.ts'
import { type CrashPoints, crashAt, noCrashPoints } from '../lib/crash-point.ts'
import { DEFAULT_ENGINE_SOCKET } from '../lib/docker/engine-socket.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createMasker } from '../lib/mask.ts'
import { createSealer } from '../lib/seal.ts'
import { createGitSource } from '../sources/git/source.ts'
import type { Builder } from './builder-port.ts'
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

/** Images of an installation of its own, on the engine of this machine; with `push-` in its name, pushed as well. */
export const TEST_PREFIX = 'fairway-builds'
export const testImageBuilder = (folder: string, installation: string, crash: CrashPoints = noCrashPoints) =>
  createImageBuilder({
    socket: DEFAULT_ENGINE_SOCKET,
    installation,
    root: join(folder, 'image-builds'),
    programFolders,
    ...(installation.startsWith('push-') && { registry: { host: TEST_REGISTRY, prefix: TEST_PREFIX } }),
    timeoutSeconds: 120,
    crash,
  })

export const testLogs = (folder: string) =>
  createBuildLogs({ root: join(folder, 'builds'), clock: systemClock })

type WorkerOptions = { crash?: CrashPoints; log?: Log; builder?: Builder }

/** Runs the workers of builds and artifacts on a folder until stopped. */
export async function startBuildWorker(
  connectionString: string,
  folder: string,
  { crash = noCrashPoints, log = silentLog(), builder = testBuilder(folder, crash) }: WorkerOptions = {},
): Promise<{ stop(): Promise<void> }> {
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const masker = createMasker()
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

const crashOf = (point: string): CrashPoints => (point === '' ? noCrashPoints : crashAt(point))

const [, program = '', connectionString, folder, point = '', installation] = process.argv
if (program.includes('builds-test-world') && connectionString !== undefined && folder !== undefined)
  await startBuildWorker(connectionString, folder, {
    crash: crashOf(point),
    ...(installation !== undefined && {
      builder: testImageBuilder(folder, installation, crashOf(point)),
    }),
    log: createLog('error', (text) => text),
  })
