import { notFound } from '@fairway/contract/errors'
import * as runs from '@fairway/contract/routes/job-runs'
import * as contract from '@fairway/contract/routes/jobs'
import { type Db, type Tx, transaction } from '../../db/db.ts'
import { findJobRunView, listJobRunViews } from '../../db/job-run-views.ts'
import { requireJob } from '../../db/jobs.ts'
import { abortJobRun } from '../../operations/jobs/abort-run.ts'
import { deployJobByHand } from '../../operations/jobs/job-source.ts'
import { pauseJob, resumeJob, suspendJob } from '../../operations/jobs/life.ts'
import { runJob } from '../../operations/jobs/run.ts'
import { patchJob } from '../../operations/jobs/save.ts'
import { recordTrigger } from '../../operations/triggers/record.ts'
import { deploying } from '../deploying.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { jobContainerOf, jobDeploymentOf, jobRunViewOf } from './view.ts'

type Params = { projectId: string; jobId: string }
type Request<B> = { params: Params; body: B; actor: { id: string } }
type Target = Params & { actor: string }

const acting =
  <B>(act: (tx: Tx, target: Target, body: B, deps: ApiDeps) => Promise<unknown>) =>
  async ({ params, body, actor }: Request<B>, deps: ApiDeps) => {
    await transaction(deps.db, (tx) => act(tx, { ...params, actor: actor.id }, body, deps))
    return {}
  }

const partRoutes: Route[] = [
  defineRoute(contract.getJobDeployment, async ({ params }, { db }) =>
    jobDeploymentOf(db, await requireJob(db, params)),
  ),
  defineRoute(contract.updateJobDeployment, async ({ params, body, actor, signal }, deps) => {
    const { sealer } = deps
    const { internal, external, docker, buildpack } = body
    await deploying(deps, signal, async (tx, images) => {
      const target = { ...params, actor: actor.id, images }
      const command = { ...(docker && { docker }), ...(buildpack && { buildpack }) }
      if (Object.keys(command).length > 0) await patchJob(tx, target, { deployment: command }, sealer)
      if ((internal ?? external) !== undefined)
        await deployJobByHand(tx, target, { internal, external }, sealer)
    })
    return {}
  }),
  defineRoute(contract.getJobHealthChecks, async ({ params }, { db }) => ({
    healthChecks: (await requireJob(db, params)).spec.healthChecks,
  })),
  defineRoute(
    contract.updateJobHealthChecks,
    acting((tx, target, body: unknown, { sealer }) => patchJob(tx, target, body, sealer)),
  ),
  defineRoute(
    contract.updateJobSettings,
    acting((tx, target, body: Record<string, unknown>, { sealer }) => {
      const { schedule, concurrencyPolicy, ...settings } = body
      const cron = {
        ...(schedule !== undefined && { schedule }),
        ...(concurrencyPolicy !== undefined && { concurrencyPolicy }),
      }
      const change = { settings: { ...settings, ...(Object.keys(cron).length > 0 && { cron }) } }
      return patchJob(tx, target, change, sealer)
    }),
  ),
  defineRoute(
    contract.scaleJob,
    acting(
      (
        tx,
        target,
        { deploymentPlan, storage }: { deploymentPlan?: unknown; storage?: unknown },
        { sealer },
      ) => {
        const change = { billing: { deploymentPlan }, deployment: { storage } }
        return patchJob(tx, target, change, sealer)
      },
    ),
  ),
]

const lifeRoutes: Route[] = [
  defineRoute(
    contract.suspendJob,
    acting((tx, target, { suspended }: { suspended: boolean }) => suspendJob(tx, target, suspended)),
  ),
  defineRoute(
    contract.pauseJob,
    acting((tx, target) => pauseJob(tx, target)),
  ),
  defineRoute(
    contract.resumeJob,
    acting((tx, target, body: Parameters<typeof resumeJob>[2]) => resumeJob(tx, target, body)),
  ),
]

async function requireRun(db: Db, key: Params & { runId: string }) {
  const run = await findJobRunView(db, key)
  if (run === undefined) throw notFound('job run', key.runId)
  return run
}

const runRoutes: Route[] = [
  defineRoute(contract.getJobContainers, async ({ params, query, page }, { db }) => {
    await requireJob(db, params)
    const found =
      query.runId === undefined
        ? await listJobRunViews(db, params, page)
        : [await requireRun(db, { ...params, runId: query.runId })]
    return pageOf(found, page, (rows) => ({
      containers: rows.map(jobContainerOf),
      runId: rows[0]?.id ?? '',
    }))
  }),
  defineRoute(runs.listJobRuns, async ({ params, page }, { db }) => {
    const { spec } = await requireJob(db, params)
    return pageOf(await listJobRunViews(db, params, page), page, (rows) => ({
      runs: rows.map((run) => jobRunViewOf(run, spec.settings.backoffLimit)),
    }))
  }),
  defineRoute(runs.startJobRun, async ({ params, body, actor, signal }, deps) => {
    const request = { ...params, overrides: body, trigger: 'manual', actor: actor.id } as const
    const { runId, runName } = await deploying(deps, signal, async (tx, images) => {
      const started = await runJob(tx, { ...request, images }, deps.sealer)
      await recordTrigger(tx, {
        source: 'api',
        projectId: params.projectId,
        target: { kind: 'job', id: params.jobId },
        outcome: { started: { kind: 'job-run', id: started.runId } },
        sentence: 'Asked for a run.',
        actor: actor.id,
      })
      return started
    })
    return { id: runId, runName }
  }),
  defineRoute(runs.getJobRun, async ({ params }, { db }) => {
    const { spec } = await requireJob(db, params)
    return jobRunViewOf(await requireRun(db, params), spec.settings.backoffLimit)
  }),
  defineRoute(runs.abortJobRun, async ({ params, actor }, { db }) => {
    await transaction(db, async (tx) => {
      await requireRun(tx, params)
      await abortJobRun(tx, { ...params, actor: actor.id })
    })
    return {}
  }),
]

export const jobActionRoutes: Route[] = [...partRoutes, ...lifeRoutes, ...runRoutes]
