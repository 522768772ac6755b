import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { transaction } from '../db/db.ts'
import { until } from '../lib/test-until.ts'
import { setOwnSecrets } from '../operations/environment/set-own.ts'
import { removeJob } from '../operations/jobs/delete.ts'
import { jobRunCrashPoints } from './job-runs.ts'
import { FOREVER, key, sealer, type World, withWorker, withWorld } from './jobs-test-project.ts'
import { startJobWorker } from './jobs-test-world.ts'

const gone = (pid: number): boolean => !existsSync(`/proc/${pid}`)
const docker = (customCommand: string) =>
  ({ deployment: { docker: { configType: 'customCommand', customCommand } } }) as const

async function pidOf(world: World, runId: string): Promise<number> {
  await world.begun(runId)
  const { instance_id } = await world.row(runId)
  const pid = (await world.instances()).find(({ id }) => id === instance_id)?.pid
  if (pid === undefined) throw new Error('no process')
  return pid
}

describe('a run of a job', () => {
  it('runs the job process with the values of the job under those of the run, and succeeds when it exits with 0', () =>
    withWorker(async (world) => {
      await world.create({ runtimeEnvironment: { RAN: join(world.folder, 'ran'), A: 'job', B: 'job' } })
      const script = `const { A, B, FAIRWAY_FILES_DIR: at } = process.env
        if (A !== 'job' || B !== 'run' || require('fs').readFileSync(at + '/f.txt', 'utf8') !== 'hello') process.exit(9)`
      const runId = await world.run(script, {
        runtimeEnvironment: { B: 'run' },
        runtimeFiles: { '/f.txt': { data: Buffer.from('hello').toString('base64') } },
      })
      expect(await world.concluded(runId)).toMatchObject({
        status: 'SUCCESS',
        attempt: 1,
        failed: 0,
        error: null,
      })
      expect(await world.statuses(runId)).toEqual(['QUEUED', 'RUNNING', 'SUCCESS'])
      expect(world.executions(runId)).toBe(1)
      expect((await world.row(runId)).run_name).toMatch(/^[a-z]+-[a-z]+-[a-z]+$/)
    }))

  it('that fails says with which code, and what it wrote last; no secret shows, in the database neither', () =>
    withWorker(async (world) => {
      await world.create()
      const own = { runtimeEnvironment: { RAN: join(world.folder, 'ran'), DB_PASSWORD: 'hunter2hunter2' } }
      await transaction(world.db, (tx) =>
        setOwnSecrets(tx, { projectId: 'shop', kind: 'job', id: 'migrate' }, own, sealer),
      )
      const script =
        'console.log("cannot", process.env.DB_PASSWORD, process.env.API_TOKEN); process.exitCode = 3'
      const runId = await world.run(script, { runtimeEnvironment: { API_TOKEN: 'correct-horse-9' } })
      expect(await world.concluded(runId)).toMatchObject({ status: 'FAILED', failed: 1 })
      const error = await world.error(runId)
      expect(error).toMatchObject({ code: 'job_failed', exitCode: 3 })
      expect(error.message).toContain('exited with code 3')
      expect(error.message).toContain('cannot •••••• ••••••')
      const everything = JSON.stringify([
        await world.rows(),
        await world.db.selectFrom('event').selectAll().execute(),
      ])
      expect(everything).not.toMatch(/hunter2|correct-horse/)
    }))

  it('is tried again as often as backoffLimit says, each time as a new instance', () =>
    withWorker(async (world) => {
      await world.create({ settings: { backoffLimit: 2 } })
      const third = `const ran = require('fs').readFileSync(process.env.RAN, 'utf8').split(process.env.NF_JOB_RUN_ID).length - 1
        process.exitCode = ran === 3 ? 0 : 1`
      const runId = await world.run(third)
      expect(await world.concluded(runId)).toMatchObject({ status: 'SUCCESS', attempt: 3, failed: 2 })
      const never = await world.run('process.exitCode = 1')
      expect(await world.concluded(never)).toMatchObject({ status: 'FAILED', attempt: 3, failed: 3 })
      expect(world.executions(never)).toBe(3)
      expect((await world.error(never)).message).toContain('at attempt 3')
    }))

  it('ends at its deadline whatever retries are left, with its whole process group', () =>
    withWorld(async (world) => {
      let ahead = 0
      const clock = { now: () => new Date(Date.now() + ahead) }
      const worker = await startJobWorker(world.connectionString, world.folder, { clock })
      try {
        await world.create({
          settings: { backoffLimit: 5, activeDeadlineSeconds: 600 },
          deployment: { gracePeriodSeconds: 0 },
        })
        const runId = await world.run(`process.on('SIGTERM', () => {}); ${FOREVER}`)
        const pid = await pidOf(world, runId)
        ahead = 600_000
        expect(await world.concluded(runId)).toMatchObject({ status: 'FAILED', attempt: 1 })
        expect(await world.error(runId)).toMatchObject({
          code: 'timed_out',
          message: expect.stringContaining('600 seconds'),
        })
        await until('its process to end', async () => gone(pid))
      } finally {
        await worker.stop()
      }
    }))

  it('that is aborted may finish what it does within its grace, and is aborted once it is gone', () =>
    withWorker(async (world) => {
      await world.create()
      const runId = await world.run(`process.on('SIGTERM', () => {
        require('fs').writeFileSync(process.env.RAN + '.done', ''); process.exit(0) }); ${FOREVER}`)
      const pid = await pidOf(world, runId)
      await world.abort(runId)
      await world.abort(runId)
      expect((await world.concluded(runId)).status).toBe('ABORTED')
      expect(await world.statuses(runId)).toEqual(['QUEUED', 'RUNNING', 'ABORTING', 'ABORTED'])
      expect(existsSync(join(world.folder, 'ran.done'))).toBe(true)
      await until('its process to end', async () => gone(pid))
      await world.abort(runId)
      expect((await world.row(runId)).status).toBe('ABORTED')
    }))

  it('that waits is aborted at once and never begins', () =>
    withWorld(async (world) => {
      await world.create()
      const runId = await world.run('')
      await world.abort(runId)
      expect(await world.statuses(runId)).toEqual(['QUEUED', 'ABORTED'])
      const worker = await startJobWorker(world.connectionString, world.folder)
      const next = await world.run('')
      await world.concluded(next)
      await worker.stop()
      expect(world.executions(runId)).toBe(0)
    }))

  it('runs a custom command as words, not through a shell', () =>
    withWorker(async (world) => {
      await world.create()
      const runId = await world.run(
        '',
        docker(`node -e 'process.exit(process.argv[1] === "$HOME; exit 7" ? 0 : 1)' "$HOME; exit 7"`),
      )
      expect((await world.concluded(runId)).status).toBe('SUCCESS')
      const refused = { code: 'invalid_request', problems: [{ field: 'deployment.docker.customCommand' }] }
      await expect(world.run('', docker(`node -e 'unclosed`))).rejects.toMatchObject(refused)
      const job = { name: 'other', ...docker(`node "unclosed`) }
      await expect(world.create(job)).rejects.toMatchObject(refused)
    }))

  it('that cannot be started fails and says why', () =>
    withWorker(async (world) => {
      await world.create()
      const named = { buildpack: { configType: 'customProcess', customProcess: 'worker' } } as const
      const runId = await world.run('', { deployment: named })
      expect((await world.concluded(runId)).status).toBe('FAILED')
      expect((await world.error(runId)).message).toContain('no process "worker"; it has: job')
      const missing = await world.run('', docker('no-such-program'))
      expect((await world.concluded(missing)).status).toBe('FAILED')
      expect(await world.error(missing)).toMatchObject({ code: 'job_failed', exitCode: 127 })
    }))

  it('of a build that is not kept any more fails and says so; a job without anything to run is refused', () =>
    withWorker(async (world) => {
      await world.create({}, 'sha256:gone')
      const runId = await world.run('')
      expect((await world.concluded(runId)).status).toBe('FAILED')
      expect((await world.error(runId)).message).toContain('not kept any more')
      await world.db.updateTable('job').set({ artifact_digest: null }).execute()
      await expect(world.run('')).rejects.toMatchObject({ code: 'invalid_state' })
      const plan = { billing: { deploymentPlan: 'nf-huge' } }
      await expect(world.run('', plan)).rejects.toMatchObject({ code: 'invalid_request' })
    }))

  it(
    'keeps the instances of the last 20 runs, and none of a job that was deleted',
    () =>
      withWorker(async (world) => {
        await world.create()
        const ids: string[] = []
        for (let number = 0; number < 22; number += 1) {
          ids.push(await world.run(''))
          await world.concluded(ids.at(-1) ?? '')
        }
        await until('old instances to go', async () => (await world.instances()).length === 20)
        const kept = (await world.instances()).map(({ labels }) => labels.revision)
        expect(kept.sort()).toEqual(ids.slice(2).sort())
        await transaction(world.db, (tx) => removeJob(tx, { ...key, actor: 'tester' }))
        await until('all instances to go', async () => (await world.instances()).length === 0)
      }),
    60_000,
  )
})

describe('a run whose server is killed', () => {
  it('goes on without it, is adopted, and is not run again; the next server masks its secrets too', () =>
    withWorld(async (world) => {
      await world.create()
      const first = world.live()
      const script = `const until = setInterval(() => {
        if (!require('fs').existsSync(process.env.RAN + '.go')) return
        clearInterval(until); console.log('token', process.env.API_TOKEN); process.exitCode = 4 }, 20)`
      const runId = await world.run(script, { runtimeEnvironment: { API_TOKEN: 'correct-horse-9' } })
      const pid = await pidOf(world, runId)
      await first.end()
      expect(gone(pid)).toBe(false)
      const { writeFile } = await import('node:fs/promises')
      await writeFile(join(world.folder, 'ran.go'), '')
      const second = world.live()
      try {
        expect(await world.concluded(runId)).toMatchObject({ status: 'FAILED', attempt: 1 })
        expect(await world.error(runId)).toMatchObject({
          exitCode: 4,
          message: expect.stringContaining('token ••••••'),
        })
        expect(world.executions(runId)).toBe(1)
      } finally {
        await second.end()
      }
    }))

  const endings = {
    'job-run.after-stop': 'ABORTED',
    'job-run.after-retry': 'FAILED',
  } as Record<string, string>
  it.each(jobRunCrashPoints)('at %s ends as if nothing had happened: each attempt runs once', (point) =>
    withWorld(async (world) => {
      await world.create({ settings: { backoffLimit: point === 'job-run.after-retry' ? 1 : 0 } })
      const scripts: Record<string, string> = {
        'job-run.after-stop': FOREVER,
        'job-run.after-retry': 'process.exitCode = 1',
      }
      const runId = await world.run(scripts[point] ?? '')
      const first = world.live(point)
      if (point === 'job-run.after-stop') {
        await world.begun(runId)
        await world.abort(runId)
      }
      expect(await first.over).toBe('SIGKILL')
      const second = world.live()
      try {
        const status = endings[point] ?? 'SUCCESS'
        expect((await world.concluded(runId)).status).toBe(status)
        expect(world.executions(runId)).toBe(point === 'job-run.after-retry' ? 2 : 1)
        expect((await world.statuses(runId)).filter((one) => one === status)).toHaveLength(1)
      } finally {
        await second.end()
      }
    }),
  )
})
