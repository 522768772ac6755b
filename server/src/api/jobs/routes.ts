import type { JobKind } from '@fairway/contract/resources/job'
import { type JobBody, jobBody } from '@fairway/contract/resources/job'
import * as contract from '@fairway/contract/routes/jobs'
import { transaction } from '../../db/db.ts'
import { listJobs, requireJob } from '../../db/jobs.ts'
import { removeJob } from '../../operations/jobs/delete.ts'
import { withSettings } from '../../operations/jobs/normalise.ts'
import { createJob, patchJob, putJob } from '../../operations/jobs/save.ts'
import { requireProject } from '../../operations/projects/require.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { jobViewOf, listItemOf } from './view.ts'

type Save<B> = { params: { projectId: string }; body: B; actor: { id: string } }
type Patch = { params: { projectId: string; jobId: string }; body: unknown; actor: { id: string } }
type Flat = Record<string, unknown>

const create = async ({ params, body, actor }: Save<JobBody>, { db, sealer }: ApiDeps) => {
  const caller = { ...params, actor: actor.id }
  return jobViewOf(db, await transaction(db, (tx) => createJob(tx, caller, body, sealer)))
}

const put = async ({ params, body, actor }: Save<JobBody>, { db, sealer }: ApiDeps) => {
  const caller = { ...params, actor: actor.id }
  return jobViewOf(db, await transaction(db, (tx) => putJob(tx, caller, body, sealer)))
}

/** The typed forms were checked already; this only moves their settings to where the generic form has them. */
const generic = (flat: object, kind: JobKind): JobBody => jobBody.parse(withSettings(flat as Flat, kind))

const patch =
  (kind?: JobKind) =>
  async ({ params, body, actor }: Patch, { db, sealer }: ApiDeps) => {
    const target = { ...params, actor: actor.id, ...(kind && { kind }) }
    const change = kind === undefined ? body : withSettings(body as Flat, kind)
    return jobViewOf(db, await transaction(db, (tx) => patchJob(tx, target, change, sealer)))
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
