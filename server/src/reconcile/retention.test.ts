import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toJson, transaction } from '../db/db.ts'
import { schedule } from '../db/work.ts'
import { until } from '../lib/test-until.ts'
import { app, type World, withWorker, withWorld } from './builds-test-project.ts'
import { startBuildWorker, testBuilder } from './builds-test-world.ts'
import { ARTIFACT_SWEEP, retentionCrashPoints } from './retention.ts'

type Digests = { good: string; staged: string; unused: string; newest: string }

/** Four artifacts, of which all but `unused` are named by something. */
async function makeArtifacts(world: World): Promise<Digests> {
  const digests: string[] = []
  for (let number = 0; number < 4; number += 1) {
    await world.commit({ ...app, 'server.js': `${number}` })
    const { buildId } = await world.start()
    digests.push((await world.concluded(buildId)).artifact_digest ?? '')
  }
  const [good = '', staged = '', unused = '', newest = ''] = digests
  await forget(world, newest)
  await nameArtifacts(world, { good, staged, newest })
  return { good, staged, unused, newest }
}

const sweep = ({ db }: World) => transaction(db, (tx) => schedule(tx, 'sweep', ARTIFACT_SWEEP))

async function expectSwept(world: World, { good, staged, unused, newest }: Digests): Promise<void> {
  const builder = testBuilder(world.folder)
  await until('the sweep', async () => (await builder.locate(unused)) === undefined)
  for (const kept of [good, staged, newest]) expect(await builder.locate(kept)).toBeDefined()
  const rows = await world.db.selectFrom('artifact').select('digest').execute()
  expect(rows.map(({ digest }) => digest).sort()).toEqual([good, staged, newest].sort())
}

describe('the sweep of artifacts', () => {
  it('removes what nothing names, and keeps the last good one, a stage’s, and the newest builds’', () =>
    withWorker(async (world) => {
      const digests = await makeArtifacts(world)
      await sweep(world)
      await expectSwept(world, digests)
    }))

  it.each(retentionCrashPoints)('killed at %s does the same in its next life', (point) =>
    withWorld(async (world) => {
      const worker = await startBuildWorker(world.connectionString, world.folder)
      const digests = await makeArtifacts(world)
      await worker.stop()
      await sweep(world)
      expect(await world.live(point).over).toBe('SIGKILL')
      const second = world.live()
      try {
        await expectSwept(world, digests)
      } finally {
        await second.end()
      }
    }),
  )
})

/** As if twenty newer builds of the owner had made the newest artifact. */
async function forget({ db }: World, newest: string): Promise<void> {
  const values = Array.from({ length: 20 }, (_, number) => ({
    project_id: 'shop',
    id: `later-build-${number}`,
    owner_kind: 'service',
    owner_id: 'web',
    branch: 'main',
    status: 'SUCCESS',
    request: '{}',
    artifact_digest: newest,
  }))
  await db.insertInto('build').values(values).execute()
}

async function nameArtifacts(
  { db }: World,
  { good, staged, newest }: Omit<Digests, 'unused'>,
): Promise<void> {
  const id = '7d8b7ddc-0d35-4a6e-8f5c-1f6f7c1c0001'
  const revision = {
    project_id: 'shop',
    service_id: 'web',
    artifact_kind: 'bundle',
    source: '{}',
    config: '{}',
  }
  const more = { config_version: 1, environment_hash: '', reason: 'deploy' }
  await db
    .insertInto('revision')
    .values({ ...revision, ...more, id, number: 1, artifact_digest: good })
    .execute()
  // The last good one is older than the ten newest revisions.
  const newer = Array.from({ length: 10 }, (_, index) => ({
    ...revision,
    ...more,
    id: randomUUID(),
    number: index + 2,
    artifact_digest: newest,
  }))
  await db.insertInto('revision').values(newer).execute()
  await db.updateTable('service').set({ current_revision: id }).where('id', '=', 'web').execute()
  await db.insertInto('pipeline').values({ project_id: 'shop', id: 'line', name: 'line' }).execute()
  await db
    .insertInto('release_run')
    .values({
      id: '7d8b7ddc-0d35-4a6e-8f5c-1f6f7c1c0002',
      project_id: 'shop',
      pipeline_id: 'line',
      stage: 'Production',
      document: '{}',
      flow_version: 1,
      stage_before: toJson({ services: [{ digest: staged }] }),
    })
    .execute()
}
