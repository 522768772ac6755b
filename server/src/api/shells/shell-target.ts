import { FairwayError, notFound } from '@fairway/contract/errors'
import type { Db } from '../../db/db.ts'
import { listInstances } from '../../db/instances.ts'
import { requireService } from '../../db/services.ts'

export type ShellOwner = { projectId: string; kind: 'service' | 'job'; id: string }

/** `instance` as people see it; `runtimeId` as the runtime names its present attempt. */
export type ShellTarget = { instance: string; runtimeId: string }

/** The running instance of that name, or any. Fails with `invalid_state` when none runs. */
export const shellTarget = (db: Db, owner: ShellOwner, only: string | undefined): Promise<ShellTarget> =>
  owner.kind === 'service' ? serviceTarget(db, owner, only) : jobTarget(db, owner, only)

async function serviceTarget(db: Db, { projectId, id }: ShellOwner, only?: string): Promise<ShellTarget> {
  const key = { projectId, serviceId: id }
  await requireService(db, key)
  const running = (await listInstances(db, key)).filter(
    (one) => one.state === 'running' && (only === undefined || one.id === only),
  )
  const chosen = running.find(({ ready }) => ready) ?? running[0]
  if (chosen === undefined) throw noneRuns(id, only)
  return { instance: chosen.id, runtimeId: `${chosen.id}.${chosen.attempt}` }
}

/** A run has one instance; it is named by either. */
async function jobTarget(db: Db, { projectId, id }: ShellOwner, only?: string): Promise<ShellTarget> {
  const runs = await db
    .selectFrom('job_run')
    .select(['id', 'instance_id'])
    .where('project_id', '=', projectId)
    .where('job_id', '=', id)
    .where('status', '=', 'RUNNING')
    .where('instance_id', 'is not', null)
    .orderBy('created_at', 'desc')
    .execute()
  const run = runs.find((one) => only === undefined || one.id === only || one.instance_id === only)
  if (run?.instance_id == null) throw await jobHasNone(db, { projectId, id }, only)
  return { instance: run.instance_id, runtimeId: run.instance_id }
}

async function jobHasNone(db: Db, { projectId, id }: { projectId: string; id: string }, only?: string) {
  const job = await db
    .selectFrom('job')
    .select('id')
    .where('project_id', '=', projectId)
    .where('id', '=', id)
    .executeTakeFirst()
  return job === undefined ? notFound('job', id) : noneRuns(id, only)
}

const noneRuns = (id: string, only: string | undefined): FairwayError =>
  new FairwayError(
    'invalid_state',
    only === undefined
      ? `No instance of "${id}" runs, so nothing can be run in it.`
      : `The instance "${only}" of "${id}" has ended or was replaced. Choose one that runs.`,
  )
