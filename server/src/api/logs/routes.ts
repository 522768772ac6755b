import { notFound } from '@fairway/contract/errors'
import { jobLogs, type logQuery, serviceLogs } from '@fairway/contract/routes/builds'
import type { z } from 'zod'
import type { BuildOwner } from '../../db/build-choice.ts'
import { listBuildViews } from '../../db/build-views.ts'
import { listContainers } from '../../db/containers.ts'
import { findJobRunView, listJobRunViews } from '../../db/job-run-views.ts'
import { requireJob } from '../../db/jobs.ts'
import { requireService } from '../../db/services.ts'
import { requireRepository } from '../../operations/builds/request.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOfAll } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import type { StreamedLine } from '../streams/streams-port.ts'

type Query = z.output<typeof logQuery>
type LogLine = { containerId: string; log: string; ts: string }

/** The last lines of several logs that match, oldest first. */
async function collect(
  logs: readonly { name: string; lines: AsyncIterable<StreamedLine> }[],
  query: Query,
  { clock }: Pick<ApiDeps, 'clock'>,
): Promise<LogLine[]> {
  const { from, to } = spanOf(query, clock.now())
  const found: LogLine[] = []
  for (const { name, lines } of logs) {
    for await (const { at, text } of lines) {
      const inside = at >= from && at <= to && text.includes(query.textIncludes ?? '')
      if (inside) found.push({ containerId: name, log: text, ts: at.toISOString() })
    }
  }
  return found.sort((a, b) => (a.ts < b.ts ? -1 : 1)).slice(-query.lineLimit)
}

function spanOf({ startTime, endTime, duration }: Query, now: Date): { from: Date; to: Date } {
  const to = endTime === undefined ? now : new Date(endTime)
  if (startTime !== undefined) return { from: new Date(startTime), to }
  return { from: duration === undefined ? new Date(0) : new Date(to.getTime() - duration * 1000), to }
}

const NEWEST = { limit: 20, offset: 0 }
/** Of one log, at most this many of its last lines are looked through. */
const LOOKED_THROUGH = 200_000

/** How much of a log must be read to find the lines that were asked for. */
function tailOf({ startTime, endTime, duration, textIncludes, lineLimit }: Query): number {
  const asked = startTime ?? endTime ?? duration ?? textIncludes
  return asked === undefined ? lineLimit : LOOKED_THROUGH
}

async function buildLog(
  owner: BuildOwner,
  query: Query,
  deps: ApiDeps,
  signal: AbortSignal,
): Promise<LogLine[]> {
  await requireRepository(deps.db, owner)
  const buildId = query.buildId ?? (await listBuildViews(deps.db, owner, NEWEST))[0]?.id
  if (buildId === undefined) return []
  const request = { tail: tailOf(query), follow: false, signal }
  const lines = deps.streams.buildLogs({ projectId: owner.projectId, buildId }, request)
  return collect([{ name: buildId, lines }], query, deps)
}

async function branchesOf(owner: BuildOwner, deps: ApiDeps, signal: AbortSignal) {
  const { projectUrl } = await requireRepository(deps.db, owner)
  return deps.listBranches(projectUrl, signal)
}

const branchView = ({ name, sha }: { name: string; sha: string }) => ({
  name,
  id: name,
  commit: { sha, author: { login: '' } },
})

type ServiceParams = { projectId: string; serviceId: string }
type JobParams = { projectId: string; jobId: string }

const ofService = ({ projectId, serviceId }: ServiceParams): BuildOwner => ({
  projectId,
  ownerKind: 'service',
  ownerId: serviceId,
})
const ofJob = ({ projectId, jobId }: JobParams): BuildOwner => ({
  projectId,
  ownerKind: 'job',
  ownerId: jobId,
})

async function serviceLog(params: ServiceParams, query: Query, deps: ApiDeps, signal: AbortSignal) {
  await requireService(deps.db, params)
  const instances = await listContainers(deps.db, params, NEWEST)
  const wanted = instances.filter(({ id }) => query.containerName === undefined || id === query.containerName)
  const request = { tail: tailOf(query), follow: false, signal }
  const logs = wanted.map(({ id, attempt }) => ({
    name: id,
    lines: deps.streams.instanceLogs(`${id}.${attempt}`, request),
  }))
  return collect(logs, query, deps)
}

async function jobLog(params: JobParams, query: Query, deps: ApiDeps, signal: AbortSignal) {
  await requireJob(deps.db, params)
  const run =
    query.runId === undefined
      ? (await listJobRunViews(deps.db, params, NEWEST))[0]
      : await findJobRunView(deps.db, { ...params, runId: query.runId })
  if (query.runId !== undefined && run === undefined) throw notFound('job run', query.runId)
  if (run === undefined || run.instance_id === null) return []
  const request = { tail: tailOf(query), follow: false, signal }
  return collect(
    [{ name: run.run_name, lines: deps.streams.instanceLogs(run.instance_id, request) }],
    query,
    deps,
  )
}

export const logRoutes: Route[] = [
  defineRoute(serviceLogs.buildLogs, ({ params, query, signal }, deps) =>
    buildLog(ofService(params), query, deps, signal),
  ),
  defineRoute(jobLogs.buildLogs, ({ params, query, signal }, deps) =>
    buildLog(ofJob(params), query, deps, signal),
  ),
  defineRoute(serviceLogs.logs, ({ params, query, signal }, deps) => serviceLog(params, query, deps, signal)),
  defineRoute(jobLogs.logs, ({ params, query, signal }, deps) => jobLog(params, query, deps, signal)),
  defineRoute(serviceLogs.branches, async ({ params, page, signal }, deps) =>
    pageOfAll(await branchesOf(ofService(params), deps, signal), page, (all) => ({
      branches: all.map(branchView),
    })),
  ),
  defineRoute(jobLogs.branches, async ({ params, page, signal }, deps) =>
    pageOfAll(await branchesOf(ofJob(params), deps, signal), page, (all) => ({
      branches: all.map(branchView),
    })),
  ),
]
