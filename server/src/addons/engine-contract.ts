import { randomUUID } from 'node:crypto'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { AddonEndpoint, AddonEngine, AddonPlace, AddonSettings } from '../reconcile/addon-port.ts'
import { createFolderStorage } from './storage/folder.ts'

/** What the contract needs to know of one engine's data: one set of numbers, written and read as its user would. */
export type EngineUnderTest = {
  open(folder: string): AddonEngine
  write(endpoint: AddonEndpoint, settings: AddonSettings, numbers: readonly number[]): Promise<void>
  read(endpoint: AddonEndpoint, settings: AddonSettings): Promise<number[]>
}

const settings: AddonSettings = {
  version: 'latest',
  database: 'shop',
  username: 'shopper',
  password: 'p:a/s\'s"w@rd',
  adminPassword: 'an admin\'s pass"word',
}

/** What clients are told; by which address this machine reaches it may change. */
const addressOf = ({ host, port }: AddonEndpoint) => ({ host, port })

/** The guarantees of every addon engine. Call it in the engine's test file. */
export function testAddonEngine(subject: EngineUnderTest): void {
  const cleanUps: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
  })

  async function world() {
    const folder = await mkdtemp(join(tmpdir(), 'fairway-addon-'))
    const engine = subject.open(folder)
    const place = (generation: number): AddonPlace => ({ projectId: 'shop', addonId: 'db', generation })
    cleanUps.push(async () => {
      for (const generation of [1, 2, 3]) await engine.destroy(place(generation))
      await engine.close()
      await rm(folder, { recursive: true, force: true })
    })
    const backups = join(folder, 'backups')
    const storage = createFolderStorage(backups)
    const endpointOf = async (generation: number): Promise<AddonEndpoint> => {
      const seen = await engine.observe(place(generation))
      if (seen.state !== 'running') throw new Error(`generation ${generation} is ${seen.state}`)
      return seen.endpoint
    }
    const backup = (
      options: { compression?: 'gz' | 'zstd' | 'none'; key?: string; signal?: AbortSignal } = {},
    ) =>
      engine.backup(place(1), {
        settings,
        type: 'snapshot',
        compression: options.compression ?? 'gz',
        key: options.key ?? randomUUID(),
        storage,
        log: () => undefined,
        signal: options.signal ?? new AbortController().signal,
      })
    const restore = (record: Awaited<ReturnType<typeof backup>>, generation = 2) =>
      engine.restore(place(generation), {
        settings,
        type: 'snapshot',
        record,
        storage,
        log: () => undefined,
        signal: new AbortController().signal,
      })
    const write = async (numbers: readonly number[]) => subject.write(await endpointOf(1), settings, numbers)
    const read = async (generation = 1) => subject.read(await endpointOf(generation), settings)
    await engine.create(place(1), settings)
    await engine.start(place(1), settings)
    return { folder, engine, place, backups, storage, endpointOf, backup, restore, write, read }
  }

  test('creating and starting again changes nothing; data and address outlive a stop and a new engine', async () => {
    const { folder, engine, place, endpointOf, write, read } = await world()
    await write([1, 2])
    const address = addressOf(await endpointOf(1))
    await engine.create(place(1), settings)
    await engine.stop(place(1))
    expect(await engine.observe(place(1))).toEqual({ state: 'stopped' })
    await subject.open(folder).start(place(1), settings)
    expect(addressOf(await endpointOf(1))).toEqual(address)
    expect(await read()).toEqual([1, 2])
  })

  test('a restore holds what was written before the backup and nothing written after it', async () => {
    const { backup, restore, write, read } = await world()
    await write([1, 2, 3])
    const record = await backup()
    await write([4])
    const verified = await restore(record)
    expect(await read(2)).toEqual([1, 2, 3])
    expect(verified.tables).toBeGreaterThan(0)
    expect(verified.rows).toBeGreaterThanOrEqual(3)
    expect(await read(1)).toEqual([1, 2, 3, 4])
  })

  test('a corrupted backup is refused, leaves no data, and the old data is untouched', async () => {
    const { engine, place, backups, backup, restore, write, read } = await world()
    await write([1])
    const record = await backup({ compression: 'none' })
    const file = await open(join(backups, record.key), 'r+')
    await file.write(Buffer.from([255]), 0, 1, Math.floor(record.sizeBytes / 2))
    await file.close()
    await expect(restore(record)).rejects.toMatchObject({ code: 'restore_failed' })
    expect(await engine.observe(place(2))).toEqual({ state: 'absent' })
    expect(await read()).toEqual([1])
  })

  test('a backup cut short in its storage is refused', async () => {
    const { engine, place, backups, backup, restore, write } = await world()
    await write([1])
    const record = await backup()
    const file = await open(join(backups, record.key), 'r+')
    await file.truncate(Math.floor(record.sizeBytes / 3))
    await file.close()
    await expect(restore(record)).rejects.toMatchObject({ code: 'restore_failed' })
    expect(await engine.observe(place(2))).toEqual({ state: 'absent' })
  })

  test('two backups at once are both whole', async () => {
    const { backup, restore, write, read } = await world()
    await write([1, 2])
    const [first, second] = await Promise.all([backup(), backup({ compression: 'none' })])
    await restore(first, 2)
    await restore(second, 3)
    expect(await read(2)).toEqual([1, 2])
    expect(await read(3)).toEqual([1, 2])
  })

  test('a backup taken while people write holds a state that was committed', async () => {
    const { backup, restore, write, read } = await world()
    await write([0])
    let written = 0
    let over = false
    const writing = (async () => {
      while (!over) {
        written += 1
        await write([written])
      }
    })()
    const record = await backup()
    over = true
    await writing
    await restore(record)
    const restored = await read(2)
    expect(restored).toEqual(restored.map((_, index) => index))
    expect(restored.length).toBeLessThanOrEqual(written + 1)
  })

  test('a backup aborted in the middle leaves nothing, and the next one works', async () => {
    const { backups, backup, write } = await world()
    await write([1])
    const abort = new AbortController()
    const cut = backup({ signal: abort.signal, key: 'cut' })
    for (;;) {
      const names = await readdir(backups).catch(() => [])
      if (names.length > 0) break
    }
    abort.abort(new Error('stop'))
    await expect(cut).rejects.toThrow('stop')
    expect(await readdir(backups)).toEqual([])
    await backup({ key: 'whole' })
    expect(await readdir(backups)).toEqual(['whole'])
  })

  test('a restored generation takes over the address once the old one is stopped', async () => {
    const { engine, place, endpointOf, backup, restore, write, read } = await world()
    await write([1])
    const address = addressOf(await endpointOf(1))
    await restore(await backup())
    expect(addressOf(await endpointOf(2))).not.toEqual(address)
    await engine.stop(place(1))
    await engine.stop(place(2))
    await engine.start(place(2), settings)
    expect(addressOf(await endpointOf(2))).toEqual(address)
    expect(await read(2)).toEqual([1])
  })

  test('destroying removes the data for good and may be repeated', async () => {
    const { engine, place } = await world()
    await engine.destroy(place(1))
    await engine.destroy(place(1))
    expect(await engine.observe(place(1))).toEqual({ state: 'absent' })
  })
}
