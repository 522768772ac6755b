import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPostgresEngine } from '../addons/postgres/engine.ts'
import { createFolderStorage } from '../addons/storage/folder.ts'
import { openDb } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { systemClock } from '../lib/clock.ts'
import { type CrashPoints, noCrashPoints } from '../lib/crash-point.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createSealer } from '../lib/seal.ts'
import type { AddonDeps } from './addon-deps.ts'
import type { AddonEngine } from './addon-port.ts'
import { addonHandler } from './addons.ts'
import { backupScheduleHandler } from './backup-schedules.ts'
import { backupHandler } from './backups.ts'
import { restoreHandler } from './restores.ts'

export const testSealer = createSealer(Buffer.alloc(32, 7))

const embedded = (folder: string): AddonEngine =>
  createPostgresEngine({ data: join(folder, 'addons'), programs: join(folder, 'programs') })

/** Runs the workers of addons on a folder until stopped. */
export async function startAddonWorker(
  connectionString: string,
  folder: string,
  {
    crash = noCrashPoints,
    log = silentLog(),
    engines = [embedded(folder)],
  }: { crash?: CrashPoints; log?: Log; engines?: readonly AddonEngine[] } = {},
): Promise<{ stop(): Promise<void> }> {
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const deps: AddonDeps = {
    db,
    engines: new Map(engines.map((engine) => [engine.type, engine])),
    openStorage: () => createFolderStorage(join(folder, 'backups')),
    sealer: testSealer,
    clock: systemClock,
    crash,
    log,
  }
  const loop = startWorkLoop({
    db,
    listener,
    worker,
    log,
    handlers: {
      addon: { run: addonHandler(deps), concurrency: 4 },
      backup: { run: backupHandler(deps), concurrency: 2 },
      restore: { run: restoreHandler(deps), concurrency: 2 },
      backup_schedule: { run: backupScheduleHandler(deps), concurrency: 1 },
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

/** Kills this process at each named point once, over all its lives: `<folder>/crashed` lists the points passed. */
function crashOnceEach(folder: string): CrashPoints {
  const path = join(folder, 'crashed')
  return {
    hit: (name) => {
      const passed = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
      if (passed.includes(name)) return
      appendFileSync(path, `${name}\n`)
      process.kill(process.pid, 'SIGKILL')
    },
  }
}

const [, program = '', connectionString, folder] = process.argv
if (program.includes('addons-test-world') && connectionString !== undefined && folder !== undefined)
  await startAddonWorker(connectionString, folder, {
    crash: crashOnceEach(folder),
    log: createLog('error', (text) => text),
  })
