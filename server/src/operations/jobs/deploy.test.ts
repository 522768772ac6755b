import { jobBody } from '@fairway/contract/resources/job'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { findBuild } from '../../db/builds.ts'
import { type Db, toJson, transaction } from '../../db/db.ts'
import { withTestDb } from '../../db/test-db.ts'
import { createSealer } from '../../lib/seal.ts'
import { deployToJobsFollowing } from './continuous.ts'
import { deployToJob, type JobDeployReason } from './deploy.ts'
import { createJob } from './save.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
const caller = { projectId: 'shop', actor: 'tester' }
const runs = (db: Db) => db.selectFrom('job_run').select(['artifact_digest', 'trigger']).execute()
const job = (db: Db, id = 'migrate') =>
  db.selectFrom('job').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

async function withJobs(work: (db: Db) => Promise<void>): Promise<void> {
  await withTestDb(async (db) => {
    await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
    const spec = toJson({ vcsData: { projectUrl: 'https://host/a', projectBranch: 'main' } })
    await db
      .insertInto('service')
      .values({ project_id: 'shop', id: 'builder', kind: 'build', name: 'builder', spec })
      .execute()
    await work(db)
  })
}

const create = (db: Db, body: Partial<z.input<typeof jobBody>>) =>
  transaction(db, (tx) => createJob(tx, caller, jobBody.parse({ name: 'migrate', ...body }), sealer))

const deploy = (db: Db, digest: string, reason: JobDeployReason) =>
  transaction(db, (tx) => {
    const artifact = { kind: 'bundle', digest, source: {} } as const
    return deployToJob(tx, { ...caller, jobId: 'migrate', artifact, reason }, sealer)
  })

let age = 0

/** A successful build, newer than all before; `follow` gives it to who follows. */
async function build(db: Db, id: string, { branch = 'main' } = {}): Promise<void> {
  age += 1
  const digest = `sha256:${id}`
  await db.insertInto('artifact').values({ digest, kind: 'bundle', size_bytes: 1 }).execute()
  await db
    .insertInto('build')
    .values({
      project_id: 'shop',
      id,
      owner_kind: 'service',
      owner_id: 'builder',
      branch,
      sha: 'a'.repeat(40),
      status: 'SUCCESS',
      request: '{}',
      artifact_digest: digest,
      created_at: new Date(Date.UTC(2030, 0, 1, 0, 0, age)),
    })
    .execute()
}

const follow = (db: Db, id: string) =>
  transaction(db, async (tx) => {
    const built = await findBuild(tx, { projectId: 'shop', buildId: id })
    await deployToJobsFollowing(tx, built!, sealer)
  })

const source = { deployment: { internal: { id: 'builder', branch: 'main', buildSHA: 'latest' } } } as const

describe('deploying to a job', () => {
  it.each([
    ['never', []],
    ['cd-promote', ['promote', 'cd']],
    ['always', ['deploy', 'promote', 'cd']],
  ] as const)('runs it with runOnSourceChange %s only for %j', (runOnSourceChange, expected) =>
    withJobs(async (db) => {
      await create(db, { settings: { runOnSourceChange } })
      const seen: string[] = []
      for (const reason of ['deploy', 'promote', 'cd', 'rollback'] as const) {
        const { changed, runId } = await deploy(db, `sha256:${reason}`, reason)
        expect(changed).toBe(true)
        if (runId !== undefined) seen.push(reason)
      }
      expect(seen).toEqual(expected)
      expect(await runs(db)).toEqual(
        expected.map((reason) => ({ artifact_digest: `sha256:${reason}`, trigger: 'source-change' })),
      )
    }),
  )

  it('that has it already changes and runs nothing', () =>
    withJobs(async (db) => {
      await create(db, { settings: { runOnSourceChange: 'always' } })
      await deploy(db, 'sha256:a', 'deploy')
      expect(await deploy(db, 'sha256:a', 'deploy')).toEqual({ changed: false, runId: undefined })
      expect(await runs(db)).toHaveLength(1)
    }))
})

describe('a build that succeeded', () => {
  it('goes to the jobs that follow its branch, and to no other', () =>
    withJobs(async (db) => {
      await create(db, source)
      await create(db, { ...source, name: 'off', disabledCD: true })
      await create(db, {
        name: 'other',
        deployment: { internal: { ...source.deployment.internal, branch: 'dev' } },
      })
      await create(db, {
        name: 'fixed',
        deployment: { internal: { ...source.deployment.internal, buildSHA: 'b'.repeat(40) } },
      })
      await build(db, 'one-1')
      await follow(db, 'one-1')
      expect(await job(db)).toMatchObject({
        artifact_digest: 'sha256:one-1',
        build_id: 'one-1',
        source: { internal: { id: 'builder', branch: 'main', buildId: 'one-1' } },
      })
      for (const id of ['off', 'other', 'fixed']) expect((await job(db, id)).artifact_digest).toBeNull()
    }))

  it('does not take the place of a newer one, nor goes where it is held', () =>
    withJobs(async (db) => {
      await create(db, source)
      await build(db, 'one-1')
      await build(db, 'two-2')
      await follow(db, 'two-2')
      await follow(db, 'one-1')
      expect((await job(db)).build_id).toBe('two-2')
      await build(db, 'three-3')
      const hold = { project_id: 'shop', target_kind: 'job', target_id: 'migrate', reason: 'rolled back' }
      await db
        .insertInto('hold')
        .values({ ...hold, artifact_digest: 'sha256:three-3' })
        .execute()
      await follow(db, 'three-3')
      expect((await job(db)).build_id).toBe('two-2')
    }))
})
