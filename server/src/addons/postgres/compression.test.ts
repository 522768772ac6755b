import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compress, decompress } from './compression.ts'

const content = Buffer.concat([Buffer.alloc(300_000, 'fairway '), randomBytes(50_000)])
const hasZstd = ['/usr/bin/zstd', '/usr/local/bin/zstd', '/bin/zstd'].some((path) => existsSync(path))

async function* inChunks(data: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += 10_000) yield data.subarray(at, at + 10_000)
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield* inChunks(content)
  throw new Error('the source broke')
}

async function collect(data: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of data) parts.push(chunk)
  return Buffer.concat(parts)
}

test.for(['gz', 'none', 'zstd'] as const)(
  '%s gives back what was put in, and passes errors on',
  async (how, { skip }) => {
    if (how === 'zstd' && !hasZstd) skip('no zstd program on this host')
    const packed = await collect(await compress(inChunks(content), how))
    if (how !== 'none') expect(packed.length).toBeLessThan(content.length / 2)
    expect((await collect(await decompress(inChunks(packed)))).equals(content)).toBe(true)
    await expect(collect(await compress(broken(), how))).rejects.toThrow('the source broke')
  },
)

test('what is cut short is an error, not less data', async () => {
  const packed = await collect(await compress(inChunks(content), 'gz'))
  await expect(collect(await decompress(inChunks(packed.subarray(0, 20_000))))).rejects.toThrow()
})
