import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { tarManifest } from '../lib/tar-manifest.ts'
import type { VolumePlace, VolumeStore } from '../reconcile/volume-port.ts'

export type VolumesUnderTest = {
  store: VolumeStore
  /** Writes files below the disk, as a program with the volume would. */
  write(disk: string, files: Readonly<Record<string, string>>): Promise<void>
  /** Every file below the disk. */
  read(disk: string): Promise<Record<string, string>>
}

type With = (work: (under: VolumesUnderTest) => Promise<void>) => Promise<void>

export const newPlace = (): VolumePlace => ({
  disk: `fairway-test-${randomUUID()}`,
  projectId: 'shop',
  volumeId: 'files',
})

const never = () => new AbortController().signal
const FILES = { 'a.txt': 'hello', 'deep/er/b.txt': 'x'.repeat(200_000), 'deep/c d.txt': '' }

async function all(data: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of data) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
}

/** What every volume store guarantees. */
export function testVolumeStore(withStore: With): void {
  test('a disk is there after it was made, also when it is made again, and gone after it was removed twice', () =>
    withStore(async ({ store, write, read }) => {
      const place = newPlace()
      expect(await store.exists(place.disk)).toBe(false)
      await store.create(place, { sizeMb: 256 })
      await write(place.disk, FILES)
      await store.create(place, { sizeMb: 512 })
      expect(await read(place.disk)).toEqual(FILES)
      expect(await store.exists(place.disk)).toBe(true)
      await store.remove(place.disk)
      await store.remove(place.disk)
      expect(await store.exists(place.disk)).toBe(false)
    }))

  test('what is exported and imported elsewhere is the same, by one checksum', () =>
    withStore(async ({ store, write, read }) => {
      const [from, to] = [newPlace(), newPlace()]
      for (const place of [from, to]) await store.create(place, { sizeMb: 256 })
      await write(from.disk, FILES)
      const tar = await all(await store.export(from.disk, never()))
      await store.import(to.disk, pieces(tar), never())
      expect(await read(to.disk)).toEqual(FILES)
      const copied = await tarManifest(await store.export(to.disk, never()))
      expect(copied).toEqual(await tarManifest(pieces(tar)))
      expect(copied).toMatchObject({ files: 3, bytes: 200_005 })
      for (const { disk } of [from, to]) await store.remove(disk)
    }))

  test('an empty disk has a tar too, and it changes with every file', () =>
    withStore(async ({ store, write }) => {
      const place = newPlace()
      await store.create(place, { sizeMb: 256 })
      const sum = async () => (await tarManifest(await store.export(place.disk, never()))).sha256
      const empty = await sum()
      await write(place.disk, { one: '1' })
      const one = await sum()
      await write(place.disk, { one: '2' })
      expect(new Set([empty, one, await sum()]).size).toBe(3)
      await store.remove(place.disk)
    }))

  test('a disk that is not there is refused in words, not made', () =>
    withStore(async ({ store }) => {
      const { disk } = newPlace()
      const refused = /is not (on this engine|there) any more/
      await expect((async () => all(await store.export(disk, never())))()).rejects.toThrow(refused)
      await expect(store.import(disk, pieces(Buffer.alloc(1024)), never())).rejects.toThrow(refused)
      expect(await store.exists(disk)).toBe(false)
    }))

  test('data that breaks off fails the import with its own error', () =>
    withStore(async ({ store, write }) => {
      const [from, to] = [newPlace(), newPlace()]
      for (const place of [from, to]) await store.create(place, { sizeMb: 256 })
      await write(from.disk, FILES)
      const tar = await all(await store.export(from.disk, never()))
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield tar.subarray(0, 50_000)
        throw new Error('the storage went away')
      }
      await expect(store.import(to.disk, broken(), never())).rejects.toThrow('the storage went away')
      for (const { disk } of [from, to]) await store.remove(disk)
    }))

  test('copying stops when it is told to', () =>
    withStore(async ({ store, write }) => {
      const place = newPlace()
      await store.create(place, { sizeMb: 256 })
      await write(place.disk, { big: 'y'.repeat(8_000_000) })
      const stop = new AbortController()
      const reading = await store.export(place.disk, stop.signal)
      await expect(
        (async () => {
          for await (const _chunk of reading) stop.abort(new Error('enough'))
        })(),
      ).rejects.toThrow(/enough|abort/i)
      const tar = await all(await store.export(place.disk, never()))
      async function* endless(): AsyncGenerator<Uint8Array> {
        yield tar.subarray(0, 100_000)
        await new Promise(() => undefined)
      }
      const later = new AbortController()
      const writing = store.import(place.disk, endless(), later.signal)
      later.abort(new Error('enough'))
      await expect(writing).rejects.toThrow(/enough|abort/i)
      await store.remove(place.disk)
    }))
}
