import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JobBody, jobBody } from '@fairway/contract/resources/job'
import type { z } from 'zod'
import { type Db, transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { createSealer } from '../lib/seal.ts'
import { type Life, startLife } from '../lib/test-life.ts'
import { until } from '../lib/test-until.ts'
import { abortJobRun } from '../operations/jobs/abort-run.ts'
import { deployToJob } from '../operations/jobs/deploy.ts'
import { runJob } from '../operations/jobs/run.ts'
import type { JobRunOverrides } from '../operations/jobs/run-overrides.ts'
import { createJob } from '../operations/jobs/save.ts'
import { stopCollector } from '../runtimes/process/collector-process.ts'
import { createProcessRuntime } from '../runtimes/process/process-runtime.ts'
import { bundleOf, startJobWorker, testMasterKey } from './jobs-test-world.ts'

export const key = { projectId: 'shop', jobId: 'migrate' } as const
export const sealer = createSealer(testMasterKey)
export const FOREVER = 'setInterval(() => {}, 1000)'

/** Says that it runs, then does what the run asks for. */
const PROGRAM = `
require('node:fs').appendFileSync(process.env.RAN, process.env.NF_JOB_RUN_ID + '\\n')
eval(process.env.SCRIPT ?? '')`

/** A project with one job, whose bundle runs a script that the run names. */
export class World {
  readonly db: Db
  readonly connectionString: string
  readonly folder: string
  constructor(db: Db, connectionString: string, folder: string) {
    this.db = db
    this.connectionString = connectionString
    this.folder = folder
  }

  async create(body: Partial<z.input<typeof jobBody>> = {}, digest = 'sha256:one'): Promise<void> {
    const given: JobBody = jobBody.parse({
      name: 'migrate',
      deployment: { gracePeriodSeconds: 5 },
      runtimeEnvironment: { RAN: join(this.folder, 'ran') },
      ...body,
    })
    await transaction(this.db, async (tx) => {
      await createJob(tx, { projectId: 'shop', actor: 'tester' }, given, sealer)
      await this.#give(tx, digest)
    })
  }

  readonly #give = (tx: Parameters<typeof deployToJob>[0], digest: string) =>
    deployToJob(tx, {
      ...key,
      artifact: { kind: 'bundle', digest, source: {} },
      reason: 'deploy',
      actor: 'tester',
    })

  run = async (script: string, overrides: JobRunOverrides = {}): Promise<string> => {
    const runtimeEnvironment = { SCRIPT: script, ...overrides.runtimeEnvironment }
    const request = {
      ...key,
      overrides: { ...overrides, runtimeEnvironment },
      trigger: 'manual',
      actor: 'tester',
    } as const
    return (await transaction(this.db, (tx) => runJob(tx, request, sealer))).runId
  }

  abort = (runId: string) => transaction(this.db, (tx) => abortJobRun(tx, { ...key, runId, actor: 'tester' }))

  row = (runId: string) =>
    this.db.selectFrom('job_run').selectAll().where('id', '=', runId).executeTakeFirstOrThrow()
  rows = () => this.db.selectFrom('job_run').selectAll().orderBy('created_at').execute()

  concluded = (runId: string) =>
    until(`run ${runId}`, async () => {
      const run = await this.row(runId)
      return run.concluded_at !== null && run
    })

  /** How often the program of the run has begun. */
  executions(runId: string): number {
    const path = join(this.folder, 'ran')
    return existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line === runId).length
      : 0
  }

  begun = (runId: string) => until('the job to begin', async () => this.executions(runId) > 0)

  async statuses(runId: string): Promise<string[]> {
    const rows = await this.db
      .selectFrom('event')
      .select('data')
      .where('topic', '=', 'job-run')
      .where('subject', '=', runId)
      .orderBy('id')
      .execute()
    return rows.map(({ data }) => (data as { status: string }).status)
  }

  error = async (runId: string) =>
    (await this.row(runId)).error as { code: string; message: string; exitCode?: number; signal?: string }

  async instances() {
    const runtime = await createProcessRuntime({ root: join(this.folder, 'instances') })
    const all = await runtime.list()
    await runtime.close()
    return all
  }

  /** A life of a worker in a process of its own: until it kills itself at the point, or until `end`. */
  live(point?: string): Life {
    return startLife('jobs-test-world.ts', import.meta.url, [
      this.connectionString,
      this.folder,
      ...(point === undefined ? [] : [point]),
    ])
  }
}

export async function withWorld(work: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-jobs-'))
  const bundle = bundleOf(folder)
  await mkdir(bundle)
  await writeFile(join(bundle, 'job.js'), PROGRAM)
  await writeFile(join(bundle, 'fairway-bundle.json'), JSON.stringify({ processes: { job: 'node job.js' } }))
  try {
    await withTestDb(async (db, { connectionString }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
      await work(new World(db, connectionString, folder))
    })
  } finally {
    await stopAll(join(folder, 'instances'))
    // The collector of logs may still write its last lines.
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

async function stopAll(root: string): Promise<void> {
  const runtime = await createProcessRuntime({ root })
  for (const { id } of await runtime.list()) await runtime.stop(id, 0)
  await runtime.close()
  stopCollector(root)
}

export const withWorker = (work: (world: World) => Promise<void>): Promise<void> =>
  withWorld(async (world) => {
    const worker = await startJobWorker(world.connectionString, world.folder)
    try {
      await work(world)
    } finally {
      await worker.stop()
    }
  })
