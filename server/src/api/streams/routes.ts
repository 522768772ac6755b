import { FairwayError, notFound } from '@fairway/contract/errors'
import * as contract from '@fairway/contract/routes/streams'
import type { Db } from '../../db/db.ts'
import { listInstances } from '../../db/instances.ts'
import { requireService } from '../../db/services.ts'
import { mergeStreams } from '../../lib/merge-streams.ts'
import { defineStream, type Route } from '../route.ts'
import type { SseMessage } from '../sse.ts'
import type { LogRequest, StreamedLine, Streams } from './streams-port.ts'

/** The runtime's name of an instance's current attempt. */
type Source = { instance: string; runtimeId: string }

type ServiceKey = { projectId: string; serviceId: string }

async function sourcesOf(db: Db, key: ServiceKey, only: string | undefined): Promise<Source[]> {
  await requireService(db, key)
  const instances = await listInstances(db, key)
  const wanted = instances.filter(
    ({ id, started_at }) => started_at !== null && (only === undefined || id === only),
  )
  if (only !== undefined && wanted.length === 0) throw notFound('running instance', only)
  return wanted.map(({ id, attempt }) => ({ instance: id, runtimeId: `${id}.${attempt}` }))
}

async function jobSource(
  db: Db,
  { projectId, jobId }: { projectId: string; jobId: string },
  run: string | undefined,
): Promise<Source> {
  let query = db
    .selectFrom('job_run')
    .select('instance_id')
    .where('project_id', '=', projectId)
    .where('job_id', '=', jobId)
    .where('instance_id', 'is not', null)
  if (run !== undefined) query = query.where('id', '=', run)
  const row = await query.orderBy('created_at', 'desc').limit(1).executeTakeFirst()
  if (row?.instance_id == null) throw notFound('run of the job with a log', run ?? jobId)
  return { instance: row.instance_id, runtimeId: row.instance_id }
}

type Line = StreamedLine & { instance?: string }

const message = ({ at, stream, text, instance }: Line): SseMessage => ({
  event: 'line',
  data: { at: at.toISOString(), stream, text, ...(instance !== undefined && { instance }) },
})

/** What is stored of all instances in the order of time; with `follow`, then their new lines as they come. */
async function* lines(
  streams: Streams,
  sources: readonly Source[],
  request: LogRequest,
): AsyncIterable<SseMessage> {
  const stored: Line[] = []
  for (const { instance, runtimeId } of sources) {
    for await (const line of streams.instanceLogs(runtimeId, { ...request, follow: false })) {
      stored.push({ ...line, instance })
    }
  }
  stored.sort((a, b) => a.at.getTime() - b.at.getTime())
  const shown = request.tail === 0 ? [] : stored.slice(-request.tail)
  for (const line of shown) yield message(line)
  if (!request.follow) return
  const live = sources.map((source) => follow(streams, source, request))
  for await (const line of mergeStreams(live)) yield message(line)
}

async function* follow(
  streams: Streams,
  { instance, runtimeId }: Source,
  request: LogRequest,
): AsyncIterable<Line> {
  for await (const line of streams.instanceLogs(runtimeId, { ...request, tail: 0 }))
    yield { ...line, instance }
}

async function execTarget(db: Db, key: ServiceKey, only: string | undefined): Promise<string> {
  await requireService(db, key)
  const instances = (await listInstances(db, key)).filter(
    ({ id, state }) => state === 'running' && (only === undefined || id === only),
  )
  const chosen = instances.find(({ ready }) => ready) ?? instances[0]
  if (chosen !== undefined) return `${chosen.id}.${chosen.attempt}`
  throw new FairwayError(
    'invalid_state',
    `No instance of "${key.serviceId}" runs, so nothing can be run in it.`,
  )
}

export const streamRoutes: readonly Route[] = [
  defineStream(contract.serviceLogStream, async function* ({ params, query, signal }, { db, streams }) {
    const { instance, tail, follow } = query
    yield* lines(streams, await sourcesOf(db, params, instance), { tail, follow, signal })
  }),

  defineStream(contract.jobLogStream, async function* ({ params, query, signal }, { db, streams }) {
    const { run, tail, follow } = query
    yield* lines(streams, [await jobSource(db, params, run)], { tail, follow, signal })
  }),

  defineStream(contract.buildLogStream, async function* ({ params, query, signal }, { streams }) {
    const { projectId, buildId } = params
    const { tail, follow } = query
    for await (const line of streams.buildLogs({ projectId, buildId }, { tail, follow, signal }))
      yield message(line)
  }),

  defineStream(contract.execInService, async function* ({ params, body, signal }, { db, streams }) {
    const runtimeId = await execTarget(db, params, body.instance)
    const request = { command: body.command, timeoutMs: body.timeoutSeconds * 1000, signal }
    for await (const event of streams.exec(runtimeId, request)) {
      if (event.type === 'exit') yield { event: 'exit', data: { exitCode: event.exitCode } }
      else yield { event: event.type, data: { chunk: Buffer.from(event.chunk).toString('base64') } }
    }
  }),
]
