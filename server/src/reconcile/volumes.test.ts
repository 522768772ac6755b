import { randomUUID } from 'node:crypto'
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pack } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import { transaction } from '../db/db.ts'
import { schedule } from '../db/work.ts'
import { connectEngine } from '../lib/docker/engine.ts'
import { DEFAULT_ENGINE_SOCKET } from '../lib/docker/engine-socket.ts'
import { dockerHere } from '../lib/docker/test-engine.ts'
import { tarManifest } from '../lib/tar-manifest.ts'
import { deleteVolumeBackup } from '../operations/volumes/backup.ts'
import { createDockerVolumes, VOLUME_LABEL } from '../runtimes/docker-volumes/docker-volumes.ts'
import { until } from './services-test-calls.ts'
import { volumeBackupCrashPoints } from './volume-backups.ts'
import { volumeCrashPoints } from './volumes.ts'
import { startVolumeWorker, type VolumesWorld, withVolumes } from './volumes-test-world.ts'

const FILES = { 'orders.db': 'x'.repeat(500_000), 'images/one.png': 'one', 'images/two.png': '' }

const dropBackup = (world: VolumesWorld, backupId: string) =>
  transaction(world.db, (tx) =>
    deleteVolumeBackup(tx, { projectId: 'shop', volumeId: 'files', backupId, actor: 'tester' }),
  )

describe('a volume', () => {
  test('is made, says how much of it is used, and goes with its disk', () =>
    withVolumes(async (world) => {
      await world.create('files')
      const volume = await world.bound('files')
      expect(await world.disks()).toEqual([volume.disk])
      await world.write(volume, FILES)
      await schedule(world.db, 'volume', 'shop/files')
      await until(async () => (await world.volume('files'))?.used_mb === 1)
      await world.delete('files')
      await world.gone('files')
      expect(await world.disks()).toEqual([])
    }))

  test('whose disk was taken away is LOST, and BOUND again when it is back', () =>
    withVolumes(async (world) => {
      await world.create('files')
      const volume = await world.bound('files')
      const disk = join(world.folder, 'volumes', volume.disk ?? '')
      await rename(disk, `${disk}.away`)
      await schedule(world.db, 'volume', 'shop/files')
      expect(await world.bound('files', 'LOST')).toMatchObject({
        status_message: expect.stringMatching(/not there any more/),
      })
      await rename(`${disk}.away`, disk)
      await schedule(world.db, 'volume', 'shop/files')
      expect(await world.bound('files')).toMatchObject({ status_message: null, disk: volume.disk })
    }))

  test('and its backups go with their project', () =>
    withVolumes(async (world) => {
      await world.create('files')
      await world.write(await world.bound('files'), FILES)
      await world.backedUp((await world.backUp('files')).id)
      expect(await world.stored()).toHaveLength(1)
      await world.db.updateTable('project').set({ deleting: true }).execute()
      await schedule(world.db, 'project', 'shop')
      await until(
        async () => (await world.db.selectFrom('project').select('id').execute()).length === 0,
        20_000,
      )
      expect([await world.disks(), await world.stored()]).toEqual([[], []])
    }))
})

describe('a backup of a volume', () => {
  test('holds every file, outlives the volume, and makes a new one', () =>
    withVolumes(async (world) => {
      await world.create('files')
      const volume = await world.bound('files')
      await world.write(volume, FILES)
      const { id } = await world.backUp('files')
      const backup = await world.backedUp(id)
      expect(backup.record).toMatchObject({
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        manifest: { files: 3, bytes: 500_003 },
      })
      await world.delete('files')
      await world.gone('files')

      await world.create('copy', { source: { type: 'backup', sourceId: `files/${id}` } })
      expect(await world.read(await world.bound('copy'))).toEqual(FILES)
      await dropBackup(world, id)
      await until(async () => (await world.backup(id)) === undefined)
      expect(await world.stored()).toEqual([])
    }))

  test('that is damaged makes no volume, and says so', () =>
    withVolumes(async (world) => {
      await world.create('files')
      await world.write(await world.bound('files'), { noise: randomUUID().repeat(20_000), a: 'a' })
      const { record, id } = await world.backedUp((await world.backUp('files')).id)
      const path = join(world.folder, 'backups', record?.key ?? '')
      const whole = await readFile(path)
      await world.write(await world.bound('files'), { a: 'b' })
      const second = await world.backedUp((await world.backUp('files')).id)
      const other = await readFile(join(world.folder, 'backups', second.record?.key ?? ''))
      const damaged = [
        ['cut', whole.subarray(0, whole.length - 100)],
        ['flipped', Buffer.concat([whole.subarray(0, 900), Buffer.of(~whole[900]!), whole.subarray(901)])],
        ['longer', Buffer.concat([whole, Buffer.from('more')])],
        ['empty', Buffer.alloc(0)],
        ['another', other],
      ] as const
      for (const [name, bytes] of damaged) {
        await writeFile(path, bytes)
        await world.create(`${name} one`, { source: { type: 'backup', sourceId: id } })
        const failed = await world.bound(`${name}-one`, 'FAILED')
        expect([name, failed.status_message]).toEqual([name, expect.stringMatching(/backup is damaged/)])
      }
      expect(await world.disks()).toHaveLength(1)
    }))

  test('of a volume that somebody writes to all the time fails and says what to do; a quiet one does not', () =>
    withVolumes(async (world) => {
      await world.create('files')
      const volume = await world.bound('files')
      await world.write(volume, { ...FILES, log: '' })
      let writing = true
      const writer = (async () => {
        while (writing) await appendFile(world.pathOf(volume, 'log'), 'line\n')
      })()
      const { id } = await world.backUp('files')
      const failed = await world.backedUp(id, 'failed')
      writing = false
      await writer
      expect(failed.error).toMatchObject({
        code: 'backup_failed',
        message: expect.stringMatching(/changed while they were read. Pause the service/),
      })
      expect(await world.stored()).toEqual([])
      await world.backedUp((await world.backUp('files')).id)
    }))

  test('that is deleted while it runs stops and leaves nothing', () =>
    withVolumes(
      async (world) => {
        const running = await startVolumeWorker(world.connectionString, world.folder)
        await world.create('files')
        await world.write(await world.bound('files'), { big: 'y'.repeat(40_000_000) })
        const { id } = await world.backUp('files')
        await until(async () => (await world.backup(id))?.status === 'in-progress')
        await dropBackup(world, id)
        await until(async () => (await world.backup(id)) === undefined)
        expect(await world.stored()).toEqual([])
        await running.stop()
      },
      { worker: false },
    ))
})

describe('a copy of a volume', () => {
  test('has the same files, and is a disk of its own', () =>
    withVolumes(async (world) => {
      await world.create('files')
      const from = await world.bound('files')
      await world.write(from, FILES)
      await world.create('copy', { source: { type: 'volume', sourceId: 'files' } })
      const copy = await world.bound('copy')
      await world.write(from, { 'orders.db': 'changed' })
      expect(await world.read(copy)).toEqual(FILES)
    }))
})

describe.skipIf(!dockerHere)('volumes of a real Docker Engine', () => {
  test('are backed up, restored, copied and removed by the same workers', () => {
    const engine = connectEngine(DEFAULT_ENGINE_SOCKET)
    const installation = `test-${randomUUID().slice(0, 13)}`
    const volumes = createDockerVolumes({ engine, installation })
    const filters = { label: [`${VOLUME_LABEL.installation}=${installation}`] }
    const write = async ({ disk }: { disk: string | null }, content: string): Promise<void> => {
      const tar = pack()
      tar.entry({ name: 'volume/orders', mode: 0o600, uid: 999 }, content)
      tar.finalize()
      const bytes = tar as unknown as AsyncIterable<Uint8Array>
      await volumes.import(disk ?? '', bytes, new AbortController().signal)
    }
    return withVolumes(
      async (world) => {
        await world.create('files')
        await write(await world.bound('files'), 'one')
        const { id, record } = await world.backedUp((await world.backUp('files')).id)
        expect(record?.manifest).toMatchObject({ files: 1, bytes: 3 })
        await write(await world.bound('files'), 'second')
        await world.create('old', { source: { type: 'backup', sourceId: id } })
        await world.create('new', { source: { type: 'volume', sourceId: 'files' } })
        const sizes = async (name: string) =>
          tarManifest(
            await volumes.export((await world.bound(name)).disk ?? '', new AbortController().signal),
          )
        expect((await sizes('old')).sha256).toBe(record?.manifest?.sha256)
        expect((await sizes('new')).bytes).toBe(6)
        for (const name of ['old', 'new', 'files']) {
          await world.delete(name)
          await world.gone(name)
        }
        expect((await engine.listVolumes({ filters })).Volumes ?? []).toEqual([])
        expect(await engine.listContainers({ all: true, filters })).toEqual([])
      },
      { volumes },
    )
  })
})

describe('a control plane that is killed at every point', () => {
  test(
    'makes, backs up, restores and removes volumes in the end, once each, and leaves nothing behind',
    () =>
      withVolumes(
        async (world) => {
          await world.create('files')
          const reached = await world.dieUntil(async () => (await world.volume('files'))?.status === 'BOUND')
          expect(reached).toContain('volume.after-disk')
          const volume = await world.bound('files')
          await world.write(volume, FILES)

          const { id } = await world.backUp('files')
          await world.dieUntil(async () => (await world.backup(id))?.status === 'completed')
          expect(await world.stored()).toHaveLength(1)

          await world.create('copy', { source: { type: 'backup', sourceId: id } })
          await world.dieUntil(async () => (await world.volume('copy'))?.status === 'BOUND')
          expect(await world.read(await world.bound('copy'))).toEqual(FILES)
          expect(await world.disks()).toHaveLength(2)

          await world.delete('copy')
          await dropBackup(world, id)
          const points = [...volumeCrashPoints, ...volumeBackupCrashPoints]
          await world.dieUntil(
            async () =>
              (await world.volume('copy')) === undefined &&
              (await world.backup(id)) === undefined &&
              points.every((point) => world.crashed().includes(point)),
          )
          expect(world.crashed().sort()).toEqual([...points].sort())
          expect(await world.disks()).toEqual([volume.disk])
          expect(await world.stored()).toEqual([])
          expect(await world.read(volume)).toEqual(FILES)
        },
        { worker: false },
      ),
    120_000,
  )
})
