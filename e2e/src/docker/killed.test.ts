import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getByHost } from '../fairway/get-by-host.ts'
import { type Json, type Rest, rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { createTinyRepository, type TinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { startLoad } from '../load/start-load.ts'
import { docker, haproxyOf, runsOnEngine } from './engine-view.ts'
import { dockerAndHaproxyHere, HOST, loadOn, onDocker, rollOut, serveTiny, settlesAt } from './on-docker.ts'
import { PATIENCE } from './patience.ts'

const INSTANCES = 3

let folder: string
let fairway: Fairway
let call: Rest
let repository: TinyRepository
let builds: { first: Json; second: Json }

/** One that will not go when it is asked. */
const STUBBORN = `
process.on('SIGTERM', () => console.log('no'))
require('node:http').createServer((request, response) => response.end('stubborn\\n')).listen(process.env.PORT)
`

const served = async (): Promise<string> => (await getByHost(fairway.gatewayUrl, HOST)).body.trim()

/** Undefined while nobody listens. */
const servedIfAny = (): Promise<string | undefined> => served().catch(refused)

function refused(error: NodeJS.ErrnoException): undefined {
  if (!['ECONNREFUSED', 'ECONNRESET'].includes(error.code ?? '')) throw error
}

describe.skipIf(!dockerAndHaproxyHere)('what is killed on Docker behind HAProxy', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairway-docker-killed-'))
    fairway = await startFairway({ dataFolder: join(folder, 'data'), env: onDocker })
    call = rest(fairway.url, fairway.token())
    repository = createTinyRepository(join(folder, 'repository'))
    builds = await serveTiny(call, repository, { instances: INSTANCES, gracePeriodSeconds: 2 })
  }, 180_000)

  afterAll(async () => {
    await fairway.stopEverything()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }, 120_000)

  test('a killed container is replaced by another, and those that are left lose no request meanwhile', async () => {
    const before = await runsOnEngine(fairway.dataFolder, INSTANCES)
    const [victim, ...left] = before.map(({ id }) => id)
    const load = startLoad(loadOn(fairway.gatewayUrl))
    await waitFor('load', async () => (await load.snapshot()).requests > 100, PATIENCE)

    docker('kill', victim!)
    const after = await waitFor(
      'another in place of the killed',
      async () => {
        const now = (await runsOnEngine(fairway.dataFolder, INSTANCES)).map(({ id }) => id)
        return !now.includes(victim!) && now
      },
      PATIENCE,
    )
    await settlesAt(call, INSTANCES)
    const report = await load.stop()

    expect(after).toEqual(expect.arrayContaining(left))
    expect(report.failures).toEqual([])
    expect(report.webSockets.failed).toBe(0)
  }, 300_000)

  test('when every container is killed at once, the service is back by itself and serves as before', async () => {
    const before = await runsOnEngine(fairway.dataFolder, INSTANCES)
    docker('kill', ...before.map(({ id }) => id))

    await waitFor(
      'other containers',
      async () => {
        const now = await runsOnEngine(fairway.dataFolder, INSTANCES)
        return now.every(({ id }) => before.every((one) => one.id !== id))
      },
      PATIENCE,
    )
    await settlesAt(call, INSTANCES)
    await waitFor('an answer', async () => (await served()) === 'one', PATIENCE)
  }, 300_000)

  test('HAProxy, killed with all its workers, is back with the same routes, and the next rollout loses nothing', async () => {
    const before = haproxyOf(fairway.dataFolder)
    expect(before.length).toBeGreaterThan(1)
    for (const pid of before) process.kill(pid, 'SIGKILL')

    await waitFor('HAProxy to serve again', async () => (await servedIfAny()) === 'one', PATIENCE)
    expect(haproxyOf(fairway.dataFolder).filter((pid) => before.includes(pid))).toEqual([])

    const load = startLoad(loadOn(fairway.gatewayUrl))
    await rollOut(call, builds.second)
    const report = await load.stop()
    expect(report.failures).toEqual([])
    expect(report.requests).toBeGreaterThan(10)
    expect(await served()).toBe('two')
  }, 300_000)

  test('an image whose process ignores SIGTERM is killed after its grace period, and the rollout completes', async () => {
    repository.commit('stubborn', 'good')
    const stubborn = await buildTiny(call, repository.commitFiles('stubborn', { 'server.js': STUBBORN }))
    await rollOut(call, stubborn)
    const old = await runsOnEngine(fairway.dataFolder, INSTANCES)
    const load = startLoad({ ...loadOn(fairway.gatewayUrl), webSockets: { path: '/socket', count: 0 } })

    await rollOut(call, builds.first)
    const now = await runsOnEngine(fairway.dataFolder, INSTANCES)
    const report = await load.stop()

    expect(report.failures).toEqual([])
    expect(now.filter(({ id }) => old.some((one) => one.id === id))).toEqual([])
    for (const { id } of old) {
      expect(docker('logs', id)).toBe('no\n')
      expect(docker('inspect', '--format', '{{.State.ExitCode}}', id).trim()).toBe('137')
    }
  }, 300_000)
})
