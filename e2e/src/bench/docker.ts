import { join } from 'node:path'
import { runsOnEngine } from '../docker/engine-view.ts'
import type { Json, Rest } from '../fairway/rest.ts'
import { type TestFairway, withFairway } from '../fairway/test-fairway.ts'
import { createTinyRepository, type TinyRepository } from '../fairway/tiny-repository.ts'
import { buildTiny, deploymentIs, deployTiny, setUpTiny } from '../fairway/tiny-setup.ts'
import type { LoadReport } from '../load/load-report.ts'
import { startLoad } from '../load/start-load.ts'
import { floorOnDocker } from './docker-floor.ts'
import { dockerLoad, INSTANCES } from './docker-load.ts'
import { median, ms, printFigures } from './figures.ts'
import { rollOutOnKubernetes } from './kubernetes-rollouts.ts'
import { replaceByHand } from './plain-docker.ts'
import { timeOfRollout } from './rollout-time.ts'

const ROLLOUTS = Number(process.env.FAIRWAY_BENCH_DOCKER_ROLLOUTS ?? 100)
const PLAIN_ROLLOUTS = Math.min(10, ROLLOUTS)

/** Rollouts on a real engine behind HAProxy, beside what people do by hand and, with KUBECONFIG, a Deployment. */
export async function benchDocker(): Promise<void> {
  await withFairway(measure, {
    env: { FAIRWAY_RUNTIME: 'docker', FAIRWAY_GATEWAY: 'haproxy', FAIRWAY_LOG_LEVEL: 'warn' },
  })
}

async function measure({ fairway, call, folder }: TestFairway): Promise<void> {
  const repository = createTinyRepository(join(folder, 'repository'))
  await setUpTiny(call, repository.url, { instances: INSTANCES, drainSeconds: 2, minReadySeconds: 0 })
  const builds: Json[] = []
  for (const version of ['one', 'two']) builds.push(await buildTiny(call, repository.commit(version, 'good')))
  const images = builds.map(({ artifact }) => String(artifact))
  await deployTiny(call, builds[0]?.id)
  await deploymentIs(call, 'COMPLETED', 120_000)
  const idle = await rollOutAlone({ call, fairway }, builds)
  const half = await slowStart({ call, fairway }, repository, 500)
  const slow = await slowStart({ call, fairway }, repository, 2000)

  const load = startLoad(dockerLoad(fairway.gatewayUrl, 'web--tiny.localhost'))
  const times: number[] = []
  for (let i = 1; i <= ROLLOUTS; i += 1) times.push(await timeOfRollout(call, builds[i % 2] as Json))
  const rows = [rowOf('Fairway, HAProxy', ROLLOUTS, await load.stop())]
  // Said at once: the peers take their time, and one that fails shall not cost what was measured.
  printFigures(`Rollouts of ${INSTANCES} containers under load, so far`, rows)
  printFigures('Rollout time on Docker over its floor', [
    overFloor('without load', idle.floors, idle.times),
    overFloor('without load, starts in 0.5 s', half.floors, half.times),
    overFloor('without load, starts in 2 s', slow.floors, slow.times),
    overFloor('under load', idle.floors, times),
  ])
  await paused(call)
  rows.push(
    rowOf('docker stop, docker run', PLAIN_ROLLOUTS, await replaceByHand(images, PLAIN_ROLLOUTS, folder)),
  )
  const cluster = await rollOutOnKubernetes(images, PLAIN_ROLLOUTS)
  if (cluster !== undefined) rows.push(rowOf('Kubernetes Deployment', PLAIN_ROLLOUTS, cluster))
  printFigures(`Rollouts of ${INSTANCES} containers under load`, rows)
}

type Alone = { floors: number[]; times: number[] }
const ALONE = 8

/** Floor and rollout in turns, each on an engine that does nothing else: what was there before is gone. */
async function rollOutAlone(
  { call, fairway }: Pick<TestFairway, 'call' | 'fairway'>,
  builds: readonly Json[],
): Promise<Alone> {
  const settled = () => runsOnEngine(fairway.dataFolder, INSTANCES)
  const alone: Alone = { floors: [], times: [] }
  for (let i = 1; i <= ALONE; i += 1) {
    await settled()
    alone.floors.push(await floorOnDocker(fairway.dataFolder))
    await settled()
    alone.times.push(await timeOfRollout(call, builds[i % 2] as Json))
  }
  return alone
}

/** Programs that take their time are what a rollout waits for; its own steps are then a small part. */
async function slowStart(
  { call, fairway }: Pick<TestFairway, 'call' | 'fairway'>,
  repository: TinyRepository,
  startMs: number,
): Promise<Alone> {
  const builds: Json[] = []
  for (const version of [`slow-${startMs}`, `slower-${startMs}`])
    builds.push(await buildTiny(call, repository.commit(version, 'good', startMs)))
  await timeOfRollout(call, builds[0] as Json)
  return rollOutAlone({ call, fairway }, builds)
}

const paused = (call: Rest): Promise<Json> => call('POST', '/projects/tiny/services/web/pause')

const rowOf = (what: string, rollouts: number, report: LoadReport) => ({
  what,
  rollouts,
  requests: report.requests,
  failed: report.failed,
  'longest gap': ms(report.longestGapMs),
  p99: ms(report.latencyMs.p99),
  'WebSockets moved': report.webSockets.restarted,
  'WebSockets lost': report.webSockets.failed,
})

const overFloor = (when: string, floors: readonly number[], times: readonly number[]) => ({
  when,
  'start to first readiness': ms(median(floors)),
  waves: INSTANCES,
  'median rollout': ms(median(times)),
  ratio: (median(times) / (median(floors) * INSTANCES)).toFixed(2),
  budget: '≤ 1.2',
})
