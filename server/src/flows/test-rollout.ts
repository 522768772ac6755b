import { type Db, toJson, transaction } from '../db/db.ts'
import { wakeRunsWaitingFor } from '../db/waiters.ts'

/** What builds and rollouts write, for tests of the engine that need neither. */

export async function insertBuild(
  db: Db,
  build: { id: string; sha: string; message?: string; branch?: string },
): Promise<string> {
  const digest = `sha256:${build.sha}`
  await db.insertInto('artifact').values({ digest, kind: 'bundle', size_bytes: 1 }).execute()
  await db
    .insertInto('build')
    .values({
      project_id: 'shop',
      id: build.id,
      owner_kind: 'service',
      owner_id: 'builder',
      branch: build.branch ?? 'main',
      sha: build.sha,
      message: build.message ?? null,
      status: 'SUCCESS',
      request: toJson({}),
      artifact_digest: digest,
    })
    .execute()
  return digest
}

/** Ends the rollout of a service that is under way, as its reconciler would. */
export async function endRollout(
  db: Db,
  serviceId: string,
  state: 'completed' | 'failed',
  message: string | null = null,
): Promise<void> {
  await transaction(db, async (tx) => {
    const rollout = await tx
      .updateTable('rollout')
      .set({ state, message, ended_at: new Date() })
      .where('service_id', '=', serviceId)
      .where('state', 'in', ['pending', 'running'])
      .returning('revision_id')
      .executeTakeFirstOrThrow()
    const good = state === 'completed'
    await tx
      .updateTable('service')
      .set((eb) => ({
        deployment_status: good ? 'COMPLETED' : 'FAILED',
        ...(good
          ? { current_revision: rollout.revision_id }
          : { desired_revision: eb.ref('current_revision') }),
      }))
      .where('id', '=', serviceId)
      .execute()
    await wakeRunsWaitingFor(tx, 'service', `shop/${serviceId}`)
  })
}
