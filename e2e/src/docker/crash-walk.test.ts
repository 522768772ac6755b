import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serviceCrashPoints } from '@fairway/server/reconcile/service-deps'
import { dockerRuntimeCrashPoints } from '@fairway/server/runtimes/docker/docker-runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../fairway/free-ports.ts'
import { type Json, type Rest, rest } from '../fairway/rest.ts'
import { type Fairway, startFairway } from '../fairway/server.ts'
import { createTinyRepository } from '../fairway/tiny-repository.ts'
import { deployTiny } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { type Load, startLoad } from '../load/start-load.ts'
import { runsOnEngine } from './engine-view.ts'
import { dockerAndHaproxyHere, isServed, loadOn, onDocker, serveTiny, settlesAt } from './on-docker.ts'
import { PATIENCE } from './patience.ts'

/** Points that a rollout which goes well does not pass; each is walked beside its own code. */
const elsewhere: readonly string[] = ['service.after-fail', 'service.before-forget']
const points = [...serviceCrashPoints, ...dockerRuntimeCrashPoints].filter(
  (point) => !elsewhere.includes(point),
)

const INSTANCES = 2

type World = { folder: string; ports: { api: number; gateway: number }; builds: Json[]; load: Load }
let world: World

const start = ({ folder, ports }: Pick<World, 'folder' | 'ports'>, crashAt?: string): Promise<Fairway> =>
  startFairway({
    dataFolder: join(folder, 'data'),
    ports,
    env: { ...onDocker, ...(crashAt !== undefined && { FAIRWAY_CRASH_AT: crashAt }) },
  })

const callOf = (fairway: Fairway): Rest => rest(fairway.url, fairway.token())

const isGone = (pid: number): boolean =>
  !existsSync(`/proc/${pid}/exe`) || /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

describe.skipIf(!dockerAndHaproxyHere)('a rollout on Docker', () => {
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairway-docker-walk-'))
    const [api = 0, gateway = 0] = await freePorts(2)
    const ports = { api, gateway }
    const fairway = await start({ folder, ports })
    const repository = createTinyRepository(join(folder, 'repository'))
    const { first, second } = await serveTiny(callOf(fairway), repository, { instances: INSTANCES })
    world = { folder, ports, builds: [first, second], load: startLoad(loadOn(fairway.gatewayUrl)) }
    await fairway.stop()
  }, 120_000)

  afterAll(async () => {
    await world.load.stop()
    const fairway = await start(world)
    await fairway.stopEverything()
    rmSync(world.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }, 120_000)

  test.each(points.map((point, at) => [point, at] as const))(
    'killed at %s, completes after a restart with one container an instance, and no request fails meanwhile',
    async (point, at) => {
      const build = world.builds[(at + 1) % 2]!
      world.load.mark(point)
      const doomed = await start(world, point)
      await deployTiny(callOf(doomed), build.id)
      await waitFor(`the server to die at ${point}`, () => isGone(doomed.pid), PATIENCE)

      const fairway = await start(world)
      try {
        const call = callOf(fairway)
        await isServed(call, build)
        const ready = await settlesAt(call, INSTANCES)
        const seen = await runsOnEngine(fairway.dataFolder, INSTANCES)
        expect(new Set(seen.map(({ instance }) => instance)).size).toBe(ready.length)
        const report = await world.load.snapshot()
        expect(report.failures).toEqual([])
        expect(report.webSockets.failed).toBe(0)
        expect(report.phases[point]!.requests).toBeGreaterThan(0)
      } finally {
        await fairway.stop()
      }
    },
    180_000,
  )
})
