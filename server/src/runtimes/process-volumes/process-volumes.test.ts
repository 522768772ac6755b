import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newPlace, testVolumeStore, type VolumesUnderTest } from '../volume-contract.ts'
import { createProcessVolumes } from './process-volumes.ts'

async function withStore(work: (under: VolumesUnderTest & { root: string }) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'fairway-volumes-'))
  const dataOf = (disk: string) => join(root, disk, 'volume')
  try {
    await work({
      root,
      store: createProcessVolumes({ root }),
      async write(disk, files) {
        for (const [name, content] of Object.entries(files)) {
          await mkdir(dirname(join(dataOf(disk), name)), { recursive: true })
          await writeFile(join(dataOf(disk), name), content)
        }
      },
      async read(disk) {
        const found = await readdir(dataOf(disk), { recursive: true, withFileTypes: true })
        const files = found.filter((file) => file.isFile())
        const pairs = files.map(async ({ parentPath, name }) => {
          const path = join(parentPath, name)
          return [relative(dataOf(disk), path), await readFile(path, 'utf8')] as const
        })
        return Object.fromEntries(await Promise.all(pairs))
      },
    })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

describe('volumes as folders', () => {
  testVolumeStore(withStore)

  test('an instance is told the folder of each volume in a variable', () =>
    withStore(async ({ store, root }) => {
      const { disk } = newPlace()
      expect(store.variables([{ volumeId: 'my-files', disk, path: '/data', folder: 'a' }])).toEqual({
        FAIRWAY_VOLUME_MY_FILES: join(root, disk, 'volume', 'a'),
      })
      const two = ['a', 'b'].map((folder) => ({ volumeId: 'my-files', disk, path: `/${folder}`, folder }))
      expect(store.variables(two)).toEqual({ FAIRWAY_VOLUME_MY_FILES: join(root, disk, 'volume') })
    }))

  test('the size in use is told, and a name that leads elsewhere is refused', () =>
    withStore(async ({ store, write }) => {
      const place = newPlace()
      await store.create(place, { sizeMb: 256 })
      await write(place.disk, { big: 'y'.repeat(3_000_000) })
      expect(await store.usage(place.disk)).toBe(3)
      await expect(store.remove('../other')).rejects.toThrow(/letters, digits and dashes/)
    }))
})
