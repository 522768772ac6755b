import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getByHost } from '../fairway/get-by-host.ts'
import { type Json, type Rest, rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { createTinyRepository, type TinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, deployTiny } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { startLoad } from '../load/start-load.ts'
import { installationOf, runsOnEngine, seenOnEngine } from './engine-view.ts'
import {
  containersOf,
  dockerAndHaproxyHere,
  HOST,
  isServed,
  loadOn,
  onDocker,
  rollOut,
  serveTiny,
  settlesAt,
} from './on-docker.ts'
import { PATIENCE } from './patience.ts'
import { createPrivateEngine, giveImage, type PrivateEngine } from './private-engine.ts'

const INSTANCES = 3
/** Long enough that the rollout is under way for some seconds. */
const SLOW_START_MS = 1500

let folder: string
let engine: PrivateEngine
let fairway: Fairway
let call: Rest
let repository: TinyRepository
let first: Json
let slow: Json

const DOCKERFILE = 'FROM node:20-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n'

/** A container of this installation that no row of the database knows. The engine starts it again by itself. */
function plantOrphan(): string {
  const labels = {
    'fairway.installation': installationOf(fairway.dataFolder),
    'fairway.project': 'tiny',
    'fairway.owner-kind': 'service',
    'fairway.owner': 'web',
    'fairway.revision': 'gone',
    'fairway.instance': 'orphan',
    'fairway.ports': '{}',
  }
  const flags = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  const keep = ['--restart', 'always', '--network', 'none', '--init']
  return engine.docker('run', '-d', ...keep, ...flags, 'node:20-slim', 'sleep', '3600').trim()
}

/** Deploys the slow version and resolves when one of its containers runs and the rollout is not over. */
async function beMidRollout(): Promise<void> {
  const before = (await runsOnEngine(fairway.dataFolder, INSTANCES, engine.socket)).map(({ id }) => id)
  await deployTiny(call, slow.id)
  await waitFor(
    'the first container of the new version',
    async () => {
      const now = await seenOnEngine(fairway.dataFolder, engine.socket)
      return now.some(({ id, state }) => state === 'running' && !before.includes(id))
    },
    PATIENCE,
  )
}

/** Everything that Fairway says is what the engine has, and nothing else is there. */
async function isWhole(build: Json): Promise<void> {
  await isServed(call, build)
  const told = await settlesAt(call, INSTANCES)
  const seen = await runsOnEngine(fairway.dataFolder, INSTANCES, engine.socket)
  expect(new Set(seen.map(({ instance }) => instance)).size).toBe(INSTANCES)
  expect(told).toHaveLength(INSTANCES)
  expect((await getByHost(fairway.gatewayUrl, HOST)).status).toBe(200)
}

describe.skipIf(!dockerAndHaproxyHere)('an engine that restarts in the middle of a rollout', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairway-engine-restart-'))
    engine = createPrivateEngine()
    await engine.start()
    giveImage(engine, 'node:20-slim')
    fairway = await startFairway({
      dataFolder: join(folder, 'data'),
      env: { ...onDocker, FAIRWAY_DOCKER_SOCKET: engine.socket },
    })
    call = rest(fairway.url, fairway.token())
    repository = createTinyRepository(join(folder, 'repository'))
    repository.commitFiles('Dockerfile', { Dockerfile: DOCKERFILE })
    const builds = await serveTiny(call, repository, { instances: INSTANCES })
    first = builds.first
    slow = await buildTiny(call, repository.commit('slow', 'good', SLOW_START_MS))
  }, 300_000)

  afterAll(async () => {
    try {
      // An engine that was killed may refuse for good to remove a container it found again: its own mount is in use.
      await fairway.stopEverything('keep')
    } finally {
      await engine.remove()
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    }
  }, 180_000)

  test('and ends its containers: the rollout completes, each is replaced once, and orphans are reaped', async () => {
    await beMidRollout()
    const orphan = plantOrphan()
    await engine.end('SIGTERM')
    expect((await call('GET', '/projects/tiny/services/web')).id).toBe('web')
    await engine.start()

    await isWhole(slow)
    await rollOut(call, first)
    await isWhole(first)
    engine.docker('rm', '-f', orphan)
  }, 300_000)

  test('and keeps its containers, though it was killed: they are adopted, and no request fails', async () => {
    await engine.end('SIGTERM')
    await engine.start('--live-restore')
    await isWhole(first)
    const load = startLoad(loadOn(fairway.gatewayUrl))
    await beMidRollout()
    await engine.end('SIGKILL')
    await engine.start('--live-restore')

    await isWhole(slow)
    const report = await load.stop()
    expect(report.failures).toEqual([])
    expect(report.webSockets.failed).toBe(0)
    expect((await containersOf(call)).length).toBeGreaterThanOrEqual(INSTANCES)
  }, 300_000)
})
