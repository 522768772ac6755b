import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { type VolumeBody, volumeBody } from '@fairway/contract/resources/volume'
import type { z } from 'zod'
import { createFolderStorage } from '../addons/storage/folder.ts'
import { type Db, openDb, transaction } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { withTestDb } from '../db/test-db.ts'
import { findVolumeBackup, type VolumeBackupRow } from '../db/volume-backups.ts'
import { findVolume, type VolumeRow } from '../db/volumes.ts'
import { startWorkLoop } from '../db/work-loop.ts'
import { registerWorker } from '../db/workers.ts'
import { systemClock } from '../lib/clock.ts'
import { type CrashPoints, noCrashPoints } from '../lib/crash-point.ts'
import { createLog, type Log, silentLog } from '../lib/log.ts'
import { createSealer } from '../lib/seal.ts'
import { spawnProgram } from '../lib/test-life.ts'
import { requestVolumeBackup } from '../operations/volumes/backup.ts'
import { deleteVolume } from '../operations/volumes/change.ts'
import { createVolume } from '../operations/volumes/create.ts'
import { createProcessVolumes } from '../runtimes/process-volumes/process-volumes.ts'
import { projectHandler } from './projects.ts'
import { until } from './services-test-calls.ts'
import { volumeBackupHandler } from './volume-backups.ts'
import type { VolumeStore } from './volume-port.ts'
import { volumeHandler } from './volumes.ts'

export const testSealer = createSealer(Buffer.alloc(32, 7))
const actor = 'tester'

type Options = { crash?: CrashPoints; log?: Log; volumes?: VolumeStore }

/** Runs the workers of volumes on a folder until stopped. */
export async function startVolumeWorker(
  connectionString: string,
  folder: string,
  { crash = noCrashPoints, log = silentLog(), volumes }: Options = {},
): Promise<{ stop(): Promise<void> }> {
  const { db } = openDb(connectionString)
  const listener = await openListener(connectionString, log)
  const worker = await registerWorker(connectionString)
  const deps = {
    db,
    volumes: volumes ?? createProcessVolumes({ root: join(folder, 'volumes') }),
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
      volume: { run: volumeHandler(deps), concurrency: 2 },
      volume_backup: { run: volumeBackupHandler(deps), concurrency: 2 },
      project: { run: projectHandler(deps), concurrency: 1 },
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

/** A project, and a folder for disks and backups. */
export class VolumesWorld {
  readonly db: Db
  readonly connectionString: string
  readonly folder: string
  constructor(db: Db, place: { connectionString: string; folder: string }) {
    this.db = db
    this.connectionString = place.connectionString
    this.folder = place.folder
  }

  create(name: string, change: Partial<z.input<typeof volumeBody>> = {}): Promise<VolumeRow> {
    const body: VolumeBody = volumeBody.parse({
      name,
      mounts: [{ containerMountPath: '/data' }],
      spec: { storageSize: 256 },
      ...change,
    })
    return transaction(this.db, (tx) => createVolume(tx, { projectId: 'shop', actor }, body, testSealer))
  }

  backUp = (volumeId: string): Promise<VolumeBackupRow> =>
    transaction(this.db, (tx) =>
      requestVolumeBackup(tx, { projectId: 'shop', volumeId, name: 'nightly', description: '', actor }),
    )

  delete = (volumeId: string): Promise<void> =>
    transaction(this.db, (tx) => deleteVolume(tx, { projectId: 'shop', volumeId, actor }))

  volume = (volumeId: string) => findVolume(this.db, { projectId: 'shop', volumeId })
  backup = (id: string) => findVolumeBackup(this.db, id)

  async bound(volumeId: string, status = 'BOUND'): Promise<VolumeRow> {
    await until(
      async () => (await this.volume(volumeId))?.status === status,
      20_000,
      async () => JSON.stringify(await this.volume(volumeId)),
    )
    return (await this.volume(volumeId)) as VolumeRow
  }

  gone = (volumeId: string): Promise<void> =>
    until(async () => (await this.volume(volumeId)) === undefined, 20_000)

  async backedUp(id: string, status = 'completed'): Promise<VolumeBackupRow> {
    await until(
      async () => (await this.backup(id))?.status === status,
      20_000,
      async () => JSON.stringify(await this.backup(id)),
    )
    return (await this.backup(id)) as VolumeBackupRow
  }

  pathOf = ({ disk }: VolumeRow, name = ''): string =>
    join(this.folder, 'volumes', disk ?? '', 'volume', name)

  async write(volume: VolumeRow, files: Record<string, string>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(this.pathOf(volume, name)), { recursive: true })
      await writeFile(this.pathOf(volume, name), content)
    }
  }

  async read(volume: VolumeRow): Promise<Record<string, string>> {
    const found = await readdir(this.pathOf(volume), { recursive: true, withFileTypes: true })
    const pairs = found
      .filter((file) => file.isFile())
      .map(async ({ parentPath, name }) => {
        const path = join(parentPath, name)
        return [relative(this.pathOf(volume), path), await readFile(path, 'utf8')] as const
      })
    return Object.fromEntries(await Promise.all(pairs))
  }

  /** Names of every disk, and of every stored file. */
  disks = (): Promise<string[]> => namesBelow(join(this.folder, 'volumes'), false)
  stored = (): Promise<string[]> => namesBelow(join(this.folder, 'backups'), true)

  /** A worker in a process of its own, which dies once at each point it reaches. */
  startDying(): ChildProcess {
    return spawnProgram('volumes-test-world.ts', import.meta.url, [this.connectionString, this.folder])
  }

  /** Life after life, until the work is done. Answers the points at which it died. */
  async dieUntil(done: () => Promise<boolean>, withinMs = 90_000): Promise<string[]> {
    const end = performance.now() + withinMs
    let child = this.startDying()
    let died = once(child, 'exit')
    while (!(await done())) {
      if (performance.now() > end) throw new Error(`not done after ${JSON.stringify(this.crashed())}`)
      await Promise.race([died, new Promise((go) => setTimeout(go, 50))])
      if (child.exitCode === null && child.signalCode === null) continue
      child = this.startDying()
      died = once(child, 'exit')
    }
    child.kill('SIGKILL')
    await died
    return this.crashed()
  }

  crashed(): string[] {
    const path = join(this.folder, 'crashed')
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
  }
}

async function namesBelow(folder: string, files: boolean): Promise<string[]> {
  if (!existsSync(folder)) return []
  const found = await readdir(folder, { recursive: files, withFileTypes: true })
  return found.filter((one) => one.isFile() === files).map(({ name }) => name)
}

export async function withVolumes(
  work: (world: VolumesWorld) => Promise<void>,
  options: Options & { worker?: boolean } = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-volumes-'))
  try {
    await withTestDb(async (db, { connectionString }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
      const world = new VolumesWorld(db, { connectionString, folder })
      if (options.worker === false) return work(world)
      const worker = await startVolumeWorker(connectionString, folder, options)
      try {
        await work(world)
      } finally {
        await worker.stop()
      }
    })
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
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
if (program.includes('volumes-test-world') && connectionString !== undefined && folder !== undefined)
  await startVolumeWorker(connectionString, folder, {
    crash: crashOnceEach(folder),
    log: createLog('error', (text) => text),
  })
