import { pack } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import { tarManifest, watchTar } from './tar-manifest.ts'

const mtime = new Date('2026-01-01T00:00:00.250Z')

async function tarOf(files: Record<string, string>, change: { mode?: number; mtime?: Date } = {}) {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mtime, ...change }, content)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** In pieces that fit no block. */
async function* pieces(bytes: Buffer, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const big = { 'volume/a': 'x'.repeat(300_000), 'volume/b': 'two' }

describe('the manifest of a tar', () => {
  test('is the same for the same content, however the bytes arrive', async () => {
    const tar = await tarOf(big)
    const one = await tarManifest(pieces(tar))
    expect(await tarManifest(pieces(tar, 100_000))).toEqual(one)
    expect(one).toMatchObject({ files: 2, bytes: 300_003 })
    const finer = await tarOf(big, { mtime: new Date('2026-01-01T00:00:00.900Z') })
    expect((await tarManifest(pieces(finer))).sha256).toBe(one.sha256)
  })

  test('differs when a byte, a name, a mode or a time differs', async () => {
    const sums = await Promise.all(
      [
        tarOf(big),
        tarOf({ ...big, 'volume/b': 'twO' }),
        tarOf({ 'volume/a': big['volume/a'], 'volume/c': 'two' }),
        tarOf(big, { mode: 0o600 }),
        tarOf(big, { mtime: new Date('2026-01-02') }),
      ].map(async (tar) => (await tarManifest(pieces(await tar))).sha256),
    )
    expect(new Set(sums).size).toBe(5)
  })

  test('is refused for a tar that was cut off, also just after a file', async () => {
    const tar = await tarOf(big)
    await expect(tarManifest(pieces(tar.subarray(0, 200_000)))).rejects.toThrow()
    await expect(tarManifest(pieces(tar.subarray(0, tar.length - 1024)))).rejects.toThrow(/cut off/)
    await expect(tarManifest(pieces(Buffer.alloc(0)))).rejects.toThrow(/cut off/)
  })

  test('is taken while the bytes pass through unchanged', async () => {
    const tar = await tarOf(big)
    const watched = watchTar(pieces(tar))
    const passed: Uint8Array[] = []
    for await (const chunk of watched.data) passed.push(chunk)
    expect(Buffer.concat(passed).equals(tar)).toBe(true)
    expect(await watched.manifest()).toEqual(await tarManifest(pieces(tar)))
  })

  test('of a tar that nobody reads on is an error, not a wait for ever', async () => {
    const watched = watchTar(pieces(await tarOf(big)))
    for await (const _chunk of watched.data) break
    await expect(watched.manifest()).rejects.toThrow(/not read to its end/)
  })

  test('of what is no tar is an error, and the bytes still pass', async () => {
    const watched = watchTar(pieces(Buffer.alloc(200_000, 7)))
    let passed = 0
    for await (const chunk of watched.data) passed += chunk.length
    expect(passed).toBe(200_000)
    await expect(watched.manifest()).rejects.toThrow()
  })
})
