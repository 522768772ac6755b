import { z } from 'zod'
import { resourceId } from '../names.ts'
import { route } from '../route.ts'

const tag = 'Logs and exec'
const flag = z.stringbool().default(false)

const logQuery = z.object({
  tail: z.coerce.number().int().min(0).max(10_000).default(100).describe('how many of the last lines first'),
  follow: flag.describe('go on with new lines until the caller closes'),
  instance: z.string().optional().describe('one instance only'),
})

/** One log line; `instance` is absent for builds. */
export const logLine = z.object({
  at: z.string(),
  stream: z.enum(['stdout', 'stderr', 'system']),
  text: z.string(),
  instance: z.string().optional(),
})

export const serviceLogStream = route({
  id: 'streamServiceLogs',
  method: 'GET',
  path: '/projects/{projectId}/services/{serviceId}/logs/stream',
  summary: 'The log of all instances of a service, as `line` events',
  tag,
  permission: 'read',
  params: z.object({ projectId: resourceId, serviceId: resourceId }),
  query: logQuery,
  reply: logLine,
  stream: true,
})

export const jobLogStream = route({
  id: 'streamJobLogs',
  method: 'GET',
  path: '/projects/{projectId}/jobs/{jobId}/logs/stream',
  summary: 'The log of a job run, by default the newest, as `line` events',
  tag,
  permission: 'read',
  params: z.object({ projectId: resourceId, jobId: resourceId }),
  query: logQuery.extend({ run: z.uuid().optional() }),
  reply: logLine,
  stream: true,
})

export const buildLogStream = route({
  id: 'streamBuildLogs',
  method: 'GET',
  path: '/projects/{projectId}/services/{serviceId}/build/{buildId}/logs/stream',
  summary: 'The log of a build, as `line` events',
  tag,
  permission: 'read',
  params: z.object({ projectId: resourceId, serviceId: resourceId, buildId: z.string().min(1).max(100) }),
  query: logQuery,
  reply: logLine,
  stream: true,
})

export const execInService = route({
  id: 'execInService',
  method: 'POST',
  path: '/projects/{projectId}/services/{serviceId}/exec',
  summary:
    'Run a command in an instance, without a shell. Events `stdout` and `stderr` (`chunk`, base64), then `exit`',
  tag,
  permission: 'write',
  params: z.object({ projectId: resourceId, serviceId: resourceId }),
  body: z.strictObject({
    command: z.array(z.string().max(100_000)).min(1).max(1000),
    instance: z.string().optional().describe('default: any that runs'),
    timeoutSeconds: z.number().min(1).max(86_400).default(3600),
  }),
  reply: z.object({ chunk: z.string().optional(), exitCode: z.number().optional() }),
  stream: true,
})
