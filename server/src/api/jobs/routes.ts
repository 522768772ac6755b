import type { JobKind } from '@fairway/contract/resources/job'
import { type JobBody, jobBody } from '@fairway/contract/resources/job'
import * as contract from '@fairway/contract/routes/jobs'
import { transaction } from '../../db/db.ts'
import { listJobs, requireJob } from '../../db/jobs.ts'
import { removeJob } from '../../operations/jobs/delete.ts'
import { withSettings } from '../../operations/jobs/normalise.ts'
import { createJob, patchJob, putJob } from '../../operations/jobs/save.ts'
import { requireProject } from '../../operations/projects/require.ts'
import { deploying } from '../deploying.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { jobViewOf, listItemOf } from './view.ts'

type Save<B> = { params: { projectId: string }; body: B; actor: { id: string }; signal: AbortSignal }
type Patch = {
  params: { projectId: string; jobId: string }
  body: unknown
  actor: { id: string }
  signal: AbortSignal
}
type Flat = Record<string, unknown>

const create = async ({ params, body, actor, signal }: Save<JobBody>, deps: ApiDeps) => {
  const caller = { ...params, actor: actor.id }
  const row = await deploying(deps, signal, (tx, images) =>
    createJob(tx, { ...caller, images }, body, deps.sealer),
  )
  return jobViewOf(deps.db, row)
}

const put = async ({ params, body, actor, signal }: Save<JobBody>, deps: ApiDeps) => {
  const caller = { ...params, actor: actor.id }
  const row = await deploying(deps, signal, (tx, images) =>
    putJob(tx, { ...caller, images }, body, deps.sealer),
  )
  return jobViewOf(deps.db, row)
}

/** The typed forms were checked already; this only moves their settings to where the generic form has them. */
const generic = (flat: object, kind: JobKind): JobBody => jobBody.parse(withSettings(flat as Flat, kind))

const patch =
  (kind?: JobKind) =>
  async ({ params, body, actor, signal }: Patch, deps: ApiDeps) => {
    const target = { ...params, actor: actor.id, ...(kind && { kind }) }
    const change = kind === undefined ? body : withSettings(body as Flat, kind)
    const row = await deploying(deps, signal, (tx, images) =>
      patchJob(tx, { ...target, images }, change, deps.sealer),
    )
    return jobViewOf(deps.db, row)
  }

export const jobRoutes: Route[] = [
  defineRoute(contract.listJobs, async ({ params: { projectId }, page }, { db }) => {
    await requireProject(db, projectId)
    return pageOf(await listJobs(db, projectId, page), page, (rows) => ({ jobs: rows.map(listItemOf) }))
  }),
  defineRoute(contract.createJob, create),
  defineRoute(contract.putJob, put),
  defineRoute(contract.patchJob, patch()),
  defineRoute(contract.createManualJob, (request, deps) =>
    create({ ...request, body: generic(request.body, 'manual') }, deps),
  ),
  defineRoute(contract.putManualJob, (request, deps) =>
    put({ ...request, body: generic(request.body, 'manual') }, deps),
  ),
  defineRoute(contract.patchManualJob, patch('manual')),
  defineRoute(contract.createCronJob, (request, deps) =>
    create({ ...request, body: generic(request.body, 'cron') }, deps),
  ),
  defineRoute(contract.putCronJob, (request, deps) =>
    put({ ...request, body: generic(request.body, 'cron') }, deps),
  ),
  defineRoute(contract.patchCronJob, patch('cron')),
  defineRoute(contract.getJob, async ({ params }, { db }) => jobViewOf(db, await requireJob(db, params))),
  defineRoute(contract.deleteJob, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => removeJob(tx, { ...params, actor: actor.id }))
    return {}
  }),
]
