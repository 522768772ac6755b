import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Db } from '../../db/db.ts'
import { addRolloutSample } from '../../db/rollout-receipts.ts'
import { newId } from '../../db/work.ts'
import { flowRules } from '../../flows/rules.ts'
import { withTestApi } from '../test-api.ts'

const FLOW = '/v1/projects/shop/pipelines/shop/release-flows'
const document = {
  apiVersion: 'v1.2',
  spec: {
    kind: 'Workflow',
    spec: { type: 'sequential', steps: [{ kind: 'Approval', spec: { amount: 1 } }] },
  },
}

test('200: the receipt of a run tells what its steps rolled out, and null where nobody can tell', () =>
  withTestApi(
    async ({ ok, db }) => {
      await db.insertInto('project').values({ id: 'shop', name: 'shop' }).execute()
      await db.insertInto('pipeline').values({ project_id: 'shop', id: 'shop', name: 'shop' }).execute()
      await ok('POST', `${FLOW}/production`, document)
      const run = await ok<{ id: string }>('POST', `${FLOW}/production/runs`, {})
      const at = `${FLOW}/production/runs/${run.id}`
      expect(await ok('GET', `${at}/receipt`)).toEqual({ rollouts: [] })
      await insertRollout(db, run.id)
      expect(await ok('GET', `${at}/receipt`)).toEqual({
        rollouts: [
          expect.objectContaining({
            path: '0.9',
            serviceId: 'web',
            state: 'completed',
            requests: 41,
            failures: 0,
            latencyMs: null,
            measuredBy: 'HAProxy',
            cut: 0,
            samples: [expect.objectContaining({ requests: 41, spanMs: 250, p50Ms: 1.5, p99Ms: null })],
            marks: [expect.objectContaining({ instance: 'i1', side: 'new', what: 'routed' })],
          }),
        ],
      })
    },
    { deps: { flowRules } },
  ))

/** A step that rolled a service out, and what was measured of it. */
async function insertRollout(db: Db, run: string): Promise<void> {
  const [revision, rollout] = [newId(), newId()]
  const owner = { project_id: 'shop', service_id: 'web' }
  await sql`insert into service (project_id, id, kind, name, spec) values ('shop', 'web', 'deployment', 'web', '{}')`.execute(
    db,
  )
  await db
    .insertInto('revision')
    .values({
      ...{ ...owner, id: revision, number: 1, artifact_kind: 'image', artifact_digest: 'd', source: '{}' },
      ...{ config_version: 1, config: '{}', environment_hash: 'h', reason: 'deploy' },
    })
    .execute()
  const receipt = { measuredBy: 'HAProxy', requests: 41, failures: 0, start: null }
  await db
    .insertInto('rollout')
    .values({
      ...owner,
      id: rollout,
      revision_id: revision,
      state: 'completed',
      receipt: JSON.stringify(receipt),
    })
    .execute()
  const response = JSON.stringify({ revisionId: revision, changed: true })
  await db
    .insertInto('release_node')
    .values({ run_id: run, path: '0.9', kind: 'Release', response })
    .execute()
  const counts = { newReady: 1, newRouted: 1, oldRouted: 0, oldDraining: 0, inFlight: 0, webSockets: 0 }
  const at = new Date('2026-01-01T00:00:00Z')
  const sample = { ...counts, at, spanMs: 250, requests: 41, failures: 0, p50Ms: 1.5, p99Ms: null }
  await addRolloutSample(db, rollout, sample)
  // The same time again, as another replica may have measured it: counted once.
  await addRolloutSample(db, rollout, { ...sample, at: new Date(at.getTime() + 100) })
  await db
    .insertInto('rollout_mark')
    .values({ rollout_id: rollout, instance_id: 'i1', side: 'new', what: 'routed' })
    .execute()
}
