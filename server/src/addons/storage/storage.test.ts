import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BackupStorage } from '../../reconcile/addon-port.ts'
import { createFolderStorage } from './folder.ts'
import { openBackupStorage } from './open.ts'

// It brings no types.
const S3rver = createRequire(import.meta.url)('s3rver') as new (
  options: object,
) => { run(): Promise<{ port: number }>; close(): Promise<void> }

const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
let folder: string
let server: InstanceType<typeof S3rver>
let endpoint: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairway-storage-'))
  server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: join(folder, 's3'),
    configureBuckets: [{ name: 'backups', configs: [] }],
  })
  const { port } = await server.run()
  endpoint = `http://127.0.0.1:${port}`
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const inBucket = (bucket: string, credentials = keys): BackupStorage =>
  openBackupStorage({ spec: { type: 's3', bucket, endpoint, prefix: 'fairway' }, credentials })

async function* bytes(chunks: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < chunks; at += 1) yield Buffer.alloc(size, at)
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield* bytes(3, 6_000_000)
  throw new Error('the source broke')
}

async function sizeOf(data: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  for await (const chunk of data) size += chunk.length
  return size
}

describe.each([
  ['a folder', () => createFolderStorage(join(folder, 'backups'))],
  ['S3', () => inBucket('backups')],
])('%s', (name, open) => {
  test('gives back what was written, small or in several parts', async () => {
    const storage = open()
    expect(await storage.write('shop/db/small', bytes(1, 10))).toEqual({ sizeBytes: 10 })
    expect(await storage.write('shop/db/large', bytes(5, 4_000_000))).toEqual({ sizeBytes: 20_000_000 })
    expect(await sizeOf(await storage.read('shop/db/small'))).toBe(10)
    expect(await sizeOf(await storage.read('shop/db/large'))).toBe(20_000_000)
  })

  test('shows nothing of a write that broke off', async () => {
    const storage = open()
    await expect(storage.write('shop/db/broken', broken())).rejects.toThrow('the source broke')
    expect(await storage.exists('shop/db/broken')).toBe(false)
    if (name === 'a folder')
      expect(
        (await readdir(join(folder, 'backups/shop/db'))).filter((file) => file.includes('broken')),
      ).toEqual([])
  })

  test('removes once and for all, and says plainly that something is not there', async () => {
    const storage = open()
    await storage.write('shop/db/gone', bytes(1, 10))
    expect(await storage.exists('shop/db/gone')).toBe(true)
    await storage.remove('shop/db/gone')
    await storage.remove('shop/db/gone')
    expect(await storage.exists('shop/db/gone')).toBe(false)
    await expect(storage.read('shop/db/gone')).rejects.toMatchObject({ code: 'restore_failed' })
  })

  test('refuses keys that lead elsewhere', async () => {
    const storage = open()
    for (const key of ['../etc/passwd', '/etc/passwd', 'a//b', 'a/..', ''])
      await expect((async () => storage.write(key, bytes(1, 1)))()).rejects.toMatchObject({
        code: 'invalid_path',
      })
  })
})

test('wrong keys and a missing bucket are said plainly', async () => {
  await expect(inBucket('elsewhere').write('key', bytes(1, 1))).rejects.toMatchObject({
    code: 'backup_failed',
    message: expect.stringContaining('NoSuchBucket'),
  })
  const stranger = inBucket('backups', { accessKeyId: 'nobody', secretAccessKey: 'wrong' })
  await expect(stranger.write('key', bytes(1, 1))).rejects.toMatchObject({ code: 'backup_failed' })
})
