import { notFound } from '@fairway/contract/errors'
import {
  clearServiceBuildCache as clearCache,
  jobBuilds,
  serviceBuilds,
} from '@fairway/contract/routes/builds'
import type { BuildOwner } from '../../db/build-choice.ts'
import { findBuildView, listBuildViews } from '../../db/build-views.ts'
import { type Db, transaction } from '../../db/db.ts'
import { abortBuild } from '../../operations/builds/abort.ts'
import { clearServiceBuildCache } from '../../operations/builds/clear-cache.ts'
import { pullRequestToBuild } from '../../operations/builds/pull-request.ts'
import { branchToBuild, requireBuildOwner, requireRepository } from '../../operations/builds/request.ts'
import { startBuild } from '../../operations/builds/start.ts'
import { recordTrigger } from '../../operations/triggers/record.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { type ApiRequest, defineRoute, type Route } from '../route.ts'
import { buildViewOf } from './view.ts'

type Start = {
  branch?: string | undefined
  pullRequestId?: number | undefined
  sha?: string | undefined
  overrides?: Record<string, unknown> | undefined
}

type Request<P, B = unknown> = ApiRequest<P, unknown, B>

const requireBuild = async (db: Db, owner: BuildOwner, buildId: string) => {
  const build = await findBuildView(db, owner, buildId)
  if (build === undefined) throw notFound('build', buildId)
  return build
}

async function list({ page }: Request<unknown>, { db }: ApiDeps, owner: BuildOwner) {
  await requireBuildOwner(db, owner)
  return pageOf(await listBuildViews(db, owner, page), page, (rows) => ({ builds: rows.map(buildViewOf) }))
}

async function start({ body, actor }: Request<unknown, Start>, { db, sealer }: ApiDeps, owner: BuildOwner) {
  const { pullRequestId, overrides } = body
  const { buildId } = await transaction(db, async (tx) => {
    const repository = await requireRepository(tx, owner)
    const known =
      pullRequestId === undefined ? undefined : await pullRequestToBuild(tx, repository, pullRequestId)
    const branch = known?.branch ?? branchToBuild(repository, body.branch)
    const sha = body.sha ?? known?.sha
    const start = {
      ...owner,
      branch,
      ...(sha !== undefined && { sha }),
      ...(pullRequestId !== undefined && { pullRequestId }),
      ...(overrides !== undefined && { overrides }),
      reuse: false,
      actor: actor.id,
    }
    const started = await startBuild(tx, start, sealer)
    await recordTrigger(tx, {
      source: 'api',
      projectId: owner.projectId,
      target: { kind: owner.ownerKind, id: owner.ownerId },
      outcome: { started: { kind: 'build', id: started.buildId } },
      sentence: `Asked for a build of "${branch}".`,
      actor: actor.id,
    })
    return started
  })
  return buildViewOf(await requireBuild(db, owner, buildId))
}

const get = async (buildId: string, { db }: ApiDeps, owner: BuildOwner) =>
  buildViewOf(await requireBuild(db, owner, buildId))

async function abort(
  { params: { buildId }, actor }: Request<{ buildId: string }>,
  { db }: ApiDeps,
  owner: BuildOwner,
): Promise<Record<string, never>> {
  await transaction(db, async (tx) => {
    await requireBuild(tx, owner, buildId)
    await abortBuild(tx, { projectId: owner.projectId, buildId, actor: actor.id })
  })
  return {}
}

const ofService = ({ projectId, serviceId }: { projectId: string; serviceId: string }): BuildOwner => ({
  projectId,
  ownerKind: 'service',
  ownerId: serviceId,
})

const ofJob = ({ projectId, jobId }: { projectId: string; jobId: string }): BuildOwner => ({
  projectId,
  ownerKind: 'job',
  ownerId: jobId,
})

export const buildRoutes: Route[] = [
  defineRoute(serviceBuilds.list, (request, deps) => list(request, deps, ofService(request.params))),
  defineRoute(serviceBuilds.start, (request, deps) => start(request, deps, ofService(request.params))),
  defineRoute(serviceBuilds.get, ({ params }, deps) => get(params.buildId, deps, ofService(params))),
  defineRoute(serviceBuilds.abort, (request, deps) => abort(request, deps, ofService(request.params))),
  defineRoute(clearCache, async ({ params, actor }, { db }) => {
    await transaction(db, (tx) => clearServiceBuildCache(tx, { ...params, actor: actor.id }))
    return {}
  }),
  defineRoute(jobBuilds.list, (request, deps) => list(request, deps, ofJob(request.params))),
  defineRoute(jobBuilds.start, (request, deps) => start(request, deps, ofJob(request.params))),
  defineRoute(jobBuilds.get, ({ params }, deps) => get(params.buildId, deps, ofJob(params))),
  defineRoute(jobBuilds.abort, (request, deps) => abort(request, deps, ofJob(request.params))),
]
