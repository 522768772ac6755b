import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Rest, rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { createTinyRepository, type TinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, setUpTiny } from '../fairway/tiny-setup.ts'
import { dockerAndHaproxyHere, onDocker } from './on-docker.ts'
import { createPrivateEngine, type PrivateEngine } from './private-engine.ts'

const MEGABYTE = 1024 * 1024
const LARGE_MB = 12

let folder: string
let engine: PrivateEngine
let fairway: Fairway
let call: Rest
let repository: TinyRepository

const commitLarge = (): string =>
  repository.commitFiles('large', {
    Dockerfile: 'FROM scratch\nCOPY large /large\nCMD ["/large"]\n',
    large: randomBytes((LARGE_MB * MEGABYTE * 3) / 4).toString('base64'),
  })

/** Leaves less on the engine's disk than an image needs; answers the file that takes the rest. */
function fillDisk(): string {
  const { bavail, bsize } = statfsSync(engine.dataRoot)
  const ballast = join(engine.dataRoot, 'ballast')
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - (LARGE_MB / 2) * MEGABYTE))
  return ballast
}

describe.skipIf(!dockerAndHaproxyHere)("the engine's disk", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairway-disk-full-'))
    engine = createPrivateEngine({ megabytes: 160 })
    await engine.start()
    fairway = await startFairway({
      dataFolder: join(folder, 'data'),
      env: { ...onDocker, FAIRWAY_DOCKER_SOCKET: engine.socket },
    })
    call = rest(fairway.url, fairway.token())
    repository = createTinyRepository(join(folder, 'repository'))
    await setUpTiny(call, repository.url)
  }, 180_000)

  afterAll(async () => {
    try {
      await fairway.stopEverything()
    } finally {
      await engine.remove()
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    }
  }, 120_000)

  test('is full during a build: the build says so, the server goes on, and builds succeed when there is space again', async () => {
    expect(await buildTiny(call, commitLarge())).toMatchObject({ status: 'SUCCESS' })
    const ballast = fillDisk()

    const failed = await buildTiny(call, commitLarge())
    expect(failed).toMatchObject({ status: 'FAILURE', error: { code: 'disk_full' } })
    expect((await fetch(`${fairway.url}/readyz`)).status).toBe(200)

    rmSync(ballast)
    expect(await buildTiny(call, commitLarge())).toMatchObject({ status: 'SUCCESS' })
  }, 300_000)
})
