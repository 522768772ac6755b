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
import { type Json, type Rest, rest } from './fairway/rest.ts'
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

const start = (crashAt?: string): Promise<Fairway> =>
  startFairway({
    dataFolder: join(folder, 'data'),
    ports,
    env: crashAt === undefined ? {} : { FAIRWAY_CRASH_AT: crashAt },
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

type Walked = { version: string; run: Json; fairway: Fairway; call: Rest }

/** Starts a run on a server that dies at the point, then waits for its end on the next one. */
async function releaseThrough(point: string): Promise<Walked> {
  // Another one each time: what is deployed already is not rolled out again.
  const version = `${point} ${newId()}`
  repository.commit(version, 'good')
  const doomed = await start(point)
  const { id } = await rest(doomed.url, doomed.token())('POST', `${FLOW}/runs`, { name: 'Walk' })
  await waitFor(
    `the server to die at ${point}`,
    () => !existsSync(`/proc/${doomed.pid}/exe`) || isZombie(doomed.pid),
    {
      deadlineMs: 30_000,
    },
  )
  const fairway = await start()
  const call = rest(fairway.url, fairway.token())
  const run = await waitFor(
    'the run to end',
    async () => {
      const now = await call('GET', `${FLOW}/runs/${id}`)
      return now.concluded === true && now
    },
    { deadlineMs: 60_000 },
  )
  return { version, run, fairway, call }
}

const isZombie = (pid: number): boolean => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

const responses = (run: Json): Json[] => {
  const steps = ((run.spec as Json).spec as Json).steps as Json[]
  return steps.map(({ response }) => (response as Json).data as Json)
}

test.each(points)(
  'killed at %s, the release goes on after a restart, and nothing is done twice',
  async (point) => {
    const { version, run, fairway, call } = await releaseThrough(point)
    try {
      expect(run.status).toBe('success')
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
    } finally {
      await fairway.stop()
    }
  },
  120_000,
)
