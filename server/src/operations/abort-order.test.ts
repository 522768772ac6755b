import { describe, expect, it } from 'vitest'
import { type Db, type Tx, transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { claimDue, schedule, type WorkKind, withLease } from '../db/work.ts'
import { abortBuild } from './builds/abort.ts'
import { abortJobRun } from './jobs/abort-run.ts'

const RUN = '7d3a4a4e-5a3f-4b3c-9d5e-0f0f0f0f0f0f'
const WORKER = '8d3a4a4e-5a3f-4b3c-9d5e-0f0f0f0f0f0f'

async function withWork(work: (db: Db) => Promise<void>): Promise<void> {
  await withTestDb(async (db) => {
    const named = { project_id: 'shop', name: 'x' }
    await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
    await db
      .insertInto('service')
      .values({ ...named, id: 'web', kind: 'build', spec: '{}' })
      .execute()
    await db
      .insertInto('job')
      .values({ ...named, id: 'migrate', kind: 'manual', spec: '{}' })
      .execute()
    const build = { project_id: 'shop', id: 'one-1', owner_kind: 'service', owner_id: 'web', branch: 'main' }
    await db
      .insertInto('build')
      .values({ ...build, status: 'BUILDING', request: '{}' })
      .execute()
    const run = { id: RUN, project_id: 'shop', job_id: 'migrate', run_name: 'x', trigger: 'manual' }
    await db
      .insertInto('job_run')
      .values({ ...run, status: 'RUNNING' })
      .execute()
    await work(db)
  })
}

const cases: [string, WorkKind, string, 'build' | 'job_run', (tx: Tx) => Promise<void>][] = [
  [
    'a build',
    'build',
    'shop/one-1',
    'build',
    (tx) => abortBuild(tx, { projectId: 'shop', buildId: 'one-1', actor: 'a' }),
  ],
  [
    'a job run',
    'job_run',
    RUN,
    'job_run',
    (tx) => abortJobRun(tx, { projectId: 'shop', jobId: 'migrate', runId: RUN, actor: 'a' }),
  ],
]

describe('asking for an abort', () => {
  it.each(cases)('of %s never waits for the worker that is at it', (...[, kind, key, table, abort]) =>
    withWork(async (db) => {
      await schedule(db, kind, key)
      const [item] = await claimDue(db, { kinds: [kind], worker: WORKER, leaseMs: 60_000, limit: 1 })
      await withLease(db, item!, async (tx) => {
        await transaction(db, abort)
        await tx.updateTable(table).set({ created_by: 'worker' }).execute()
      })
      expect(await db.selectFrom(table).select('abort_requested').execute()).toEqual([
        { abort_requested: true },
      ])
    }),
  )
})
