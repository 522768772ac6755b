import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { freePorts } from '../fairway/free-ports.ts'
import type { Json, Rest } from '../fairway/rest.ts'
import { withFairway } from '../fairway/test-fairway.ts'
import { createTinyRepository, type TinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'
import { startLoad } from '../load/start-load.ts'
import { median, ms, printFigures } from './figures.ts'
import { timeOfRollout } from './rollout-time.ts'

const INSTANCES = 3
const ROLLOUTS = Number(process.env.FAIRWAY_BENCH_ROLLOUTS ?? 100)

/** Consecutive rollouts of a 3-instance service under constant load: failed requests, and time over the floor. */
export async function benchRollouts(): Promise<void> {
  await withFairway(
    async ({ fairway, call, folder }) => {
      const repository = createTinyRepository(join(folder, 'repository'))
      await setUpTiny(call, repository.url, { instances: INSTANCES, drainSeconds: 2 })
      const shas = [repository.commit('one', 'good'), repository.commit('two', 'good')]
      const builds = []
      for (const sha of shas) builds.push(await buildTiny(call, sha))
      await deployTiny(call, builds[0]?.id)
      await deploymentIs(call, 'COMPLETED')
      const floor = await floorMs(repository.folder)
      const load = startLoad({
        url: fairway.gatewayUrl,
        host: 'web--tiny.localhost',
        path: '/',
        newConnectionsPerSecond: 100,
        keepAliveClients: 8,
        webSockets: { path: '/socket', count: 20 },
      })
      const times: number[] = []
      for (let i = 1; i <= ROLLOUTS; i += 1) times.push(await timeOfRollout(call, builds[i % 2] as Json))
      const report = await load.stop()
      printFigures(`${ROLLOUTS} rollouts of ${INSTANCES} instances under load`, [
        {
          requests: report.requests,
          failed: report.failed,
          'longest gap': ms(report.longestGapMs),
          'WebSockets moved (1012)': report.webSockets.restarted,
          'WebSockets lost': report.webSockets.failed,
        },
      ])
      for (const failure of report.failures) process.stdout.write(`failure: ${failure}\n`)
      await believeAtOnce(call)
      const rows = [overFloor('starts at once, under load, 1 s of proof each', floor, times)]
      for (const startMs of [0, 500, 2000]) rows.push(await rollOutAlone({ call, repository }, startMs))
      printFigures('Rollout time over its floor', rows)
    },
    { env: { FAIRWAY_LOG_LEVEL: 'warn' } },
  )
}

const ALONE = 6

/** A rollout is complete when its last instance is ready. */
const believeAtOnce = (call: Rest): Promise<Json> =>
  call('PATCH', '/projects/tiny/services/deployment/web', { deployment: { minReadySeconds: 0 } })

/** Floor and rollout in turns, without load; the program takes so long before it listens. */
async function rollOutAlone(
  { call, repository }: { call: Rest; repository: TinyRepository },
  startMs: number,
): Promise<ReturnType<typeof overFloor>> {
  const builds = []
  for (const version of [`three-${startMs}`, `four-${startMs}`])
    builds.push(await buildTiny(call, repository.commit(version, 'good', startMs)))
  const floors: number[] = []
  const times: number[] = []
  for (let i = 0; i < ALONE; i += 1) {
    floors.push(await startToReady(repository.folder))
    times.push(await timeOfRollout(call, builds[i % 2] as Json))
  }
  return overFloor(`starts in ${startMs / 1000} s, no load`, median(floors), times)
}

const overFloor = (service: string, floor: number, times: readonly number[]) => ({
  service,
  'start to first readiness': ms(floor),
  waves: INSTANCES,
  floor: ms(floor * INSTANCES),
  'median rollout': ms(median(times)),
  ratio: (median(times) / (floor * INSTANCES)).toFixed(2),
  budget: '≤ 1.2',
})

/** The same program by hand: from its start to its first good readiness answer, median of five. */
async function floorMs(folder: string): Promise<number> {
  const times = []
  for (let i = 0; i < 5; i += 1) times.push(await startToReady(folder))
  return median(times)
}

async function startToReady(folder: string): Promise<number> {
  const [port] = await freePorts(1)
  const started = performance.now()
  const child = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port) },
  })
  try {
    await waitFor('readiness', () => isReady(Number(port)), { everyMs: 5 })
    return performance.now() - started
  } finally {
    child.kill('SIGKILL')
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`)).ok
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
