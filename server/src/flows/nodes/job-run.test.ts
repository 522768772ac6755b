import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { describe, expect, test } from 'vitest'
import { type Db, toJson, transaction } from '../../db/db.ts'
import { wakeRunsWaitingFor } from '../../db/waiters.ts'
import { abortRun } from '../../operations/runs/abort.ts'
import { insertBuild } from '../test-rollout.ts'
import { keyOfStage, sequential, type World, withEngine } from '../test-world.ts'

const SHA = 'd'.repeat(40)

const migrate: FlowNode = {
  kind: 'JobRun',
  ref: 'migrate',
  condition: 'success',
  spec: { jobId: 'migrate', runtimeEnvironment: { MODE: 'expand' } },
}

const toJob: FlowNode = {
  kind: 'Release',
  condition: 'running',
  spec: {
    type: 'build',
    origin: { id: 'builder', build: 'one-1' },
    target: { id: 'migrate', type: 'job' },
  },
}

/** What the job's worker writes when the run is over. */
const endJobRun = (db: Db, status: 'SUCCESS' | 'FAILED', error: object | null = null) =>
  transaction(db, async (tx) => {
    const { id } = await tx
      .updateTable('job_run')
      .set({ status, error: toJson(error) })
      .returning('id')
      .executeTakeFirstOrThrow()
    await wakeRunsWaitingFor(tx, 'job-run', id)
  })

async function startMigration(world: World): Promise<string> {
  await insertBuild(world.db, { id: 'one-1', sha: SHA })
  await world.save(sequential(toJob, migrate))
  const id = await world.start()
  await world.step(id, '0.1', 'async_wait')
  return id
}

describe('a migration in a flow', () => {
  test('runs the job on the build that was released to it, and waits for its success', () =>
    withEngine(async (world) => {
      const id = await startMigration(world)
      expect(await world.db.selectFrom('job_run').select(['artifact_digest', 'trigger']).execute()).toEqual([
        { artifact_digest: `sha256:${SHA}`, trigger: 'release-flow' },
      ])
      await endJobRun(world.db, 'SUCCESS')
      await world.reaches(id, 'success')
      expect((await world.nodes(id))['0.1']!.response).toMatchObject({ id: expect.any(String) })
    }))

  test('fails the run with what the job said; nothing is tried again', () =>
    withEngine(async (world) => {
      const id = await startMigration(world)
      const message = 'It exited with 1. Its last lines: column "x" exists'
      await endJobRun(world.db, 'FAILED', { code: 'job_failed', message })
      expect((await world.reaches(id, 'failure')).message).toContain(message)
      expect((await world.nodes(id))['0.1']!.attempt).toBe(1)
    }))

  test('an abort of the run reaches the job', () =>
    withEngine(async (world) => {
      const id = await startMigration(world)
      const key = { ...keyOfStage('Production'), runId: id }
      await transaction(world.db, (tx) => abortRun(tx, key, { actor: 'ann', at: new Date() }))
      await world.reaches(id, 'aborted')
      expect(await world.db.selectFrom('job_run').select('status').execute()).toEqual([{ status: 'ABORTED' }])
    }))

  test('a job that has nothing to run is a definite no', () =>
    withEngine(async (world) => {
      await world.save(sequential(migrate))
      const id = await world.start()
      expect((await world.reaches(id, 'failure')).message).toMatch(/has nothing to run yet/)
    }))
})
