import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { noCrashPoints } from '../../lib/crash-point.ts'
import { dockerHere } from '../../lib/docker/test-engine.ts'
import { type ImageTestWorld, imageTestWorld } from './image-test-world.ts'

describe.skipIf(!dockerHere)('the image builder on a real engine', { timeout: 120_000 }, () => {
  let world: ImageTestWorld
  beforeEach(async () => {
    world = await imageTestWorld()
  })
  afterEach(() => world.close())

  it('builds the Dockerfile at the root and records the image by its id', async () => {
    await world.files({
      Dockerfile: 'FROM debian:12-slim\nCOPY a.txt /a.txt\nCMD ["cat", "/a.txt"]\n',
      'a.txt': 'hello',
    })
    const built = await world.builder().build(world.request())
    expect(built).toMatchObject({ kind: 'image', processes: {} })
    expect(await world.builder().locate(built.digest)).toEqual({ kind: 'image', reference: built.digest })
    expect((await world.run(built.digest)).output).toBe('hello')
    expect(await readdir(world.root)).toEqual([])
  })
})
