import { randomUUID } from 'node:crypto'
import { Readable, type Writable } from 'node:stream'
import { extract, type Header, pack } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { connectEngine, type Engine } from '../../lib/docker/engine.ts'
import { DEFAULT_ENGINE_SOCKET } from '../../lib/docker/engine-socket.ts'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { until } from '../../lib/test-until.ts'
import { withRuntime } from '../docker/docker-test-world.ts'
import { filterOf } from '../docker/labels.ts'
import { newPlace, testVolumeStore, type VolumesUnderTest } from '../volume-contract.ts'
import { createDockerVolumes, VOLUME_LABEL } from './docker-volumes.ts'

const never = () => new AbortController().signal

const bytesOf = (tar: ReturnType<typeof pack>) => tar as unknown as AsyncIterable<Uint8Array>

async function look(
  tar: AsyncIterable<Uint8Array>,
  see: (header: Header, content: string) => void,
): Promise<void> {
  const entries = extract()
  Readable.from(tar, { objectMode: false }).pipe(entries as unknown as Writable)
  for await (const entry of entries) {
    let content = ''
    for await (const chunk of entry) content += String(chunk)
    see(entry.header, content)
  }
}

type UnderTest = VolumesUnderTest & { engine: Engine; installation: string }

/** An installation of its own on the real engine; afterwards nothing of it is left. */
async function withStore(work: (under: UnderTest) => Promise<void>): Promise<void> {
  const engine = connectEngine(DEFAULT_ENGINE_SOCKET)
  const installation = `test-${randomUUID().slice(0, 13)}`
  const store = createDockerVolumes({ engine, installation })
  const filters = { label: [`${VOLUME_LABEL.installation}=${installation}`] }
  try {
    await work({
      engine,
      installation,
      store,
      async write(disk, files) {
        const tar = pack()
        for (const [name, content] of Object.entries(files)) tar.entry({ name: `volume/${name}` }, content)
        tar.finalize()
        await store.import(disk, bytesOf(tar), never())
      },
      async read(disk) {
        const files: Record<string, string> = {}
        await look(await store.export(disk, never()), ({ name, type }, content) => {
          if (type === 'file') files[name.slice('volume/'.length)] = content
        })
        return files
      },
    })
    // Whatever happened, no container that copies is left.
    expect(await engine.listContainers({ all: true, filters })).toEqual([])
  } finally {
    for (const { Id } of await engine.listContainers({ all: true, filters }))
      await engine.getContainer(Id).remove({ force: true })
    const { Volumes } = await engine.listVolumes({ filters })
    for (const { Name } of Volumes ?? []) await engine.getVolume(Name).remove()
  }
}

describe.skipIf(!dockerHere)('named volumes of a real Docker Engine', () => {
  testVolumeStore(withStore)

  test('owners, modes and links survive a copy, also those of the volume itself', () =>
    withStore(async ({ store }) => {
      const [from, to] = [newPlace(), newPlace()]
      for (const place of [from, to]) await store.create(place, { sizeMb: 256 })
      const tar = pack()
      tar.entry({ name: 'volume/', type: 'directory', mode: 0o750, uid: 999, gid: 998 })
      tar.entry({ name: 'volume/secret', mode: 0o600, uid: 999, gid: 998 }, 'sealed')
      tar.entry({ name: 'volume/link', type: 'symlink', linkname: '/etc/passwd' })
      tar.entry({
        name: 'volume/same',
        type: 'link',
        linkname: 'volume/secret',
        mode: 0o600,
        uid: 999,
        gid: 998,
      })
      tar.finalize()
      await store.import(from.disk, bytesOf(tar), never())
      await store.import(to.disk, await store.export(from.disk, never()), never())
      const found: Record<string, unknown> = {}
      await look(await store.export(to.disk, never()), ({ name, type, uid, gid, mode }, content) => {
        found[name] = [type, uid, gid, (mode ?? 0) & 0o777, content]
      })
      expect(found).toEqual({
        'volume/': ['directory', 999, 998, 0o750, ''],
        'volume/link': ['symlink', 0, 0, 0o777, ''],
        'volume/same': ['file', 999, 998, 0o600, 'sealed'],
        // Two names of one file stay that.
        'volume/secret': ['link', 999, 998, 0o600, ''],
      })
    }))

  test('what a killed copy left is removed by the next one, and does not keep a volume from going', () =>
    withStore(async ({ store, engine, installation }) => {
      const [place, other] = [newPlace(), newPlace()]
      for (const one of [place, other]) await store.create(one, { sizeMb: 256 })
      // A copy that is begun and never read on is what a killed process leaves.
      const begin = async () => {
        const copy = await store.export(place.disk, never())
        await copy[Symbol.asyncIterator]().next()
      }
      await store.export(place.disk, never())
      await begin()
      const left = () =>
        engine.listContainers({
          all: true,
          filters: { label: [`${VOLUME_LABEL.installation}=${installation}`] },
        })
      expect(await left()).toHaveLength(1)
      const tomorrow = { ...systemClock, now: () => new Date(Date.now() + 25 * 3_600_000) }
      const later = createDockerVolumes({ engine, installation, clock: tomorrow })
      for await (const chunk of await later.export(other.disk, never())) void chunk
      expect(await left()).toHaveLength(0)
      await begin()
      await store.remove(place.disk)
      expect(await left()).toHaveLength(0)
    }))

  test('an instance has the volume at its path, and finds there what was restored', () =>
    withRuntime(({ runtime, program, installation, engine }) =>
      withStore(async ({ store, write, read }) => {
        const place = newPlace()
        await store.create(place, { sizeMb: 256 })
        await write(place.disk, { 'shop/orders': 'one' })
        const source = `const fs = require('node:fs')
          fs.writeFileSync('/srv/shop/copy', fs.readFileSync('/srv/shop/orders') + ' more')`
        const spec = program(randomUUID(), source, {
          volumes: [{ name: place.disk, path: '/srv/shop', subPath: 'shop' }],
        })
        await runtime.start(spec)
        await until(
          'the end of the program',
          async () => (await runtime.observe(spec.id))?.state === 'exited',
        )
        expect(await runtime.observe(spec.id)).toMatchObject({ exitCode: 0 })
        expect(await read(place.disk)).toEqual({ 'shop/orders': 'one', 'shop/copy': 'one more' })
        await runtime.remove(spec.id)
        await store.remove(place.disk)
        expect(await engine.listContainers({ all: true, filters: filterOf(installation) })).toEqual([])
      }),
    ))

  test('a volume that another installation, or nobody of us, made is never touched', () =>
    withStore(async ({ store, engine }) => {
      const { disk } = newPlace()
      await engine.createVolume({ Name: disk })
      try {
        const place = { ...newPlace(), disk }
        await expect(store.create(place, { sizeMb: 256 })).rejects.toThrow(/not made by this Fairway/)
        await expect(store.remove(disk)).rejects.toThrow(/not made by this Fairway/)
        const read = store.export(disk, never()).then((tar) => tar[Symbol.asyncIterator]().next())
        await expect(read).rejects.toThrow(/not made by this Fairway/)
      } finally {
        await engine.getVolume(disk).remove()
      }
    }))

  test('a volume stays while a container that uses it runs, and goes with an ended one that holds it', () =>
    withStore(async ({ store, engine, installation }) => {
      const place = newPlace()
      await store.create(place, { sizeMb: 256 })
      const container = await engine.createContainer({
        Image: 'debian:12-slim',
        Cmd: ['sleep', '60'],
        Labels: { [VOLUME_LABEL.installation]: installation },
        HostConfig: { Mounts: [{ Type: 'volume', Source: place.disk, Target: '/data' }] },
      })
      await container.start()
      await expect(store.remove(place.disk)).rejects.toThrow(/in use by a container that runs/)
      expect(await store.exists(place.disk)).toBe(true)
      await container.kill()
      await container.wait()
      await store.remove(place.disk)
      expect(await store.exists(place.disk)).toBe(false)
    }))
})
