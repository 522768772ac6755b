import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleCrashPoints } from '@fairway/server/builders/bundle/bundle-builder'
import { newId } from '@fairway/server/db/work'
import { engineCrashPoints } from '@fairway/server/flows/engine'
import { backupCrashPoints } from '@fairway/server/reconcile/backups'
import { buildCrashPoints } from '@fairway/server/reconcile/builds'
import { jobRunCrashPoints } from '@fairway/server/reconcile/job-runs'
import { serviceCrashPoints } from '@fairway/server/reconcile/service-deps'
import { processRuntimeCrashPoints } from '@fairway/server/runtimes/process/process-runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts } from './fairway/free-ports.ts'
import { getByHost } from './fairway/get-by-host.ts'
import { type Json, type Rest, RestError, rest } from './fairway/rest.ts'
import { type Fairway, startFairway } from './fairway/server.ts'
import { createTinyRepository, type TinyRepository } from './fairway/tiny-repository.ts'
import { setUpTiny } from './fairway/tiny-setup.ts'
import { waitFor } from './fairway/wait-for.ts'

/** Points that a release which goes well does not pass; each is walked where it belongs. */
const elsewhere = new Map([
  ['release-run.before-act', 'flows: only messages and commands act outside the database'],
  ['release-run.after-act', 'flows: the same'],
  ['job-run.after-stop', 'job-runs.test.ts: only an abort or a deadline stops a run'],
  ['job-run.after-retry', 'job-runs.test.ts: only a failed attempt is retried'],
  ['backup.after-remove', 'addons.test.ts: only an expired backup is removed'],
  ['service.after-fail', 'services.test.ts: only a failed rollout'],
  ['service.before-forget', 'services.test.ts: only a deleted service'],
])

const points = [
  ...engineCrashPoints,
  ...buildCrashPoints,
  ...bundleCrashPoints,
  ...jobRunCrashPoints,
  ...backupCrashPoints,
  ...serviceCrashPoints,
  ...processRuntimeCrashPoints,
].filter((point) => !elsewhere.has(point))

const FLOW = '/projects/tiny/pipelines/tiny/release-flows/production'
let folder: string
let ports: { api: number; gateway: number }
let repository: TinyRepository

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairway-walk-'))
  const [api, gateway] = await freePorts(2)
  ports = { api: api!, gateway: gateway! }
  repository = createTinyRepository(join(folder, 'repository'))
  repository.commit('zero', 'good')
  const fairway = await start()
  await setUp(rest(fairway.url, fairway.token()))
  await fairway.stop()
}, 60_000)

afterAll(async () => {
  const fairway = await start()
  await fairway.stopEverything()
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}, 60_000)

const start = (crashAt?: readonly string[]): Promise<Fairway> =>
  startFairway({
    dataFolder: join(folder, 'data'),
    ports,
    env: crashAt === undefined ? {} : { FAIRWAY_CRASH_AT: crashAt.join(',') },
  })

async function setUp(call: Rest): Promise<void> {
  await setUpTiny(call, repository.url, { progressDeadlineSeconds: 120, drainSeconds: 1, minReadySeconds: 0 })
  await call('PUT', '/projects/tiny/addons', { name: 'database', type: 'postgresql' })
  await call('PUT', '/projects/tiny/jobs/manual', {
    name: 'migrate',
    backoffLimit: 0,
    runtimeEnvironment: { COUNT_FILE: join(folder, 'runs') },
  })
  await call('PUT', '/projects/tiny/pipelines', {
    name: 'tiny',
    stages: [
      {
        name: 'Production',
        nfObjects: [
          { id: 'web', type: 'service' },
          { id: 'migrate', type: 'job' },
          { id: 'database', type: 'addon' },
        ],
      },
    ],
  })
  await call('POST', FLOW, flow)
  await waitFor('the database to run', async () => {
    return (await call('GET', '/projects/tiny/addons/database')).status === 'running'
  })
}

const origin = { id: 'builder', branch: 'main', build: '${refs.build.id}' }
const flow = {
  apiVersion: 'v1.2',
  spec: {
    kind: 'Workflow',
    spec: {
      type: 'sequential',
      steps: [
        { kind: 'AddonBackup', ref: 'backup', spec: { addonId: 'database' }, condition: 'success' },
        {
          kind: 'Build',
          ref: 'build',
          spec: { id: 'builder', type: 'service', branch: 'main' },
          condition: 'success',
        },
        { kind: 'Release', spec: { type: 'build', origin, target: { id: 'migrate', type: 'job' } } },
        { kind: 'JobRun', ref: 'migrate', spec: { jobId: 'migrate' }, condition: 'success' },
        {
          kind: 'Release',
          spec: { type: 'build', origin, target: { id: 'web', type: 'service' } },
          condition: 'running',
        },
      ],
    },
  },
}

type Walked = { version: string; run: Json; fairway: Fairway; call: Rest; died: string[] }

/**
 * Starts a run on a server that dies at the first of the points that it reaches; so does the next one, at another of
 * them, and so on, until the run has ended.
 */
async function releaseThrough(points: readonly string[]): Promise<Walked> {
  // Another one each time: what is deployed already is not rolled out again.
  const version = newId()
  repository.commit(version, 'good')
  let fairway = await start(points)
  const { id } = await rest(fairway.url, fairway.token())('POST', `${FLOW}/runs`, { name: 'Walk' })
  const died: string[] = []
  for (;;) {
    const run = await endOf(fairway, `${FLOW}/runs/${id}`)
    if (run !== undefined) return { version, run, fairway, call: rest(fairway.url, fairway.token()), died }
    died.push(await whereItDied(fairway))
    fairway = await start(points.filter((point) => !died.includes(point)))
  }
}

/** The run once it is concluded; undefined when the server died before. */
const endOf = (fairway: Fairway, path: string): Promise<Json | undefined> =>
  waitFor(
    'the run to end',
    async () => {
      if (isDead(fairway.pid)) return { run: undefined }
      try {
        const run = await rest(fairway.url, fairway.token())('GET', path)
        return run.concluded === true && { run }
      } catch (error) {
        // It may die while it is asked.
        if (error instanceof RestError) throw error
        return false
      }
    },
    { deadlineMs: 60_000 },
  ).then(({ run }) => run)

const isDead = (pid: number): boolean => !existsSync(`/proc/${pid}/exe`) || isZombie(pid)
const isZombie = (pid: number): boolean => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

let deaths = 0

/** Every server of this folder adds a line to one log, which is written a moment after the death. */
async function whereItDied({ logFile }: Fairway): Promise<string> {
  deaths += 1
  return waitFor('the word of where it died', () => {
    const told = readFileSync(logFile, 'utf8').match(/(?<=^killed at ).*$/gm) ?? []
    return told.length === deaths && told.at(-1)
  })
}

const responses = (run: Json): Json[] => {
  const steps = ((run.spec as Json).spec as Json).steps as Json[]
  return steps.map(({ response }) => (response as Json).data as Json)
}

/** A build is given up after three attempts, and a death of the run's engine may come while it goes on. */
const AT_MOST: Readonly<Record<string, number>> = { build: 1, 'release-run': 1 }
const OF_OTHERS_AT_MOST = 2

/** The points of the next release: the first ones of each kind. Pure. */
const nextOf = (left: readonly string[]): string[] =>
  left.filter((point, index) => {
    const before = left.slice(0, index).filter(isLike(point)).length
    return before < (AT_MOST[kindOf(point)] ?? OF_OTHERS_AT_MOST)
  })

const isLike =
  (point: string) =>
  (other: string): boolean =>
    kindOf(other) === kindOf(point)
const kindOf = (point: string): string => point.slice(0, point.indexOf('.'))

test(`killed at each of ${points.length} points, releases go on after every restart, and nothing is done twice`, async () => {
  let left = points
  while (left.length > 0) {
    const walked = await releaseThrough(nextOf(left))
    await endedAsIfNothing(walked).finally(() => walked.fairway.stop())
    expect(walked.died, `one of ${left.join(', ')} is reached`).not.toEqual([])
    left = left.filter((point) => !walked.died.includes(point))
  }
}, 400_000)

async function endedAsIfNothing({ version, run, fairway, call, died }: Walked): Promise<void> {
  expect(run.status, `killed at ${died.join(', ')}`).toBe('success')
  const [, build, , job] = responses(run)

  const { builds } = await call('GET', '/projects/tiny/services/builder/build?per_page=100')
  const sha = (builds as Json[]).find(({ id }) => id === build!.id)!.sha
  expect((builds as Json[]).filter((one) => one.sha === sha)).toHaveLength(1)

  const ran = readFileSync(join(folder, 'runs'), 'utf8').split('\n')
  expect(ran.filter((id) => id === job!.id)).toHaveLength(1)

  const { backups } = await call('GET', '/projects/tiny/addons/database/backups?per_page=100')
  expect((backups as Json[]).every(({ status }) => status === 'completed')).toBe(true)

  await waitFor('one instance to serve', async () => {
    const { containers } = await call('GET', '/projects/tiny/services/web/containers')
    const running = (containers as Json[]).filter(({ status }) => status === 'TASK_RUNNING')
    return running.length === 1 && running[0]?.ready === true
  })
  const answer = await getByHost(fairway.gatewayUrl, 'web--tiny.localhost')
  expect(answer.body.trim()).toBe(version)
}
