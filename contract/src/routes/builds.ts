import { z } from 'zod'
import { resourceId } from '../names.ts'
import { repositoryPath } from '../resources/build-settings.ts'
import { branchName, commitSha } from '../resources/git.ts'
import { dockerSecretMounts, secretFiles, variables } from '../resources/secret-group.ts'
import { route } from '../route.ts'

export const buildView = z.object({
  id: z.string(),
  branch: z.string(),
  pullRequestId: z.number().nullable(),
  sha: z.string().optional(),
  status: z.string(),
  success: z.boolean(),
  concluded: z.boolean(),
  createdAt: z.string(),
  startedAt: z.string().optional(),
  buildConcludedAt: z.number().optional().describe('epoch seconds'),
  message: z.string().nullable(),
  registry: z.object({ uri: z.string() }).optional(),
  artifact: z.string().nullable().describe('digest of what was made'),
  error: z.unknown().optional(),
})

/** Changes for one build only. */
export const buildOverrides = z.strictObject({
  buildArguments: variables.optional(),
  buildFiles: secretFiles.optional(),
  dockerSecretMounts: dockerSecretMounts.optional(),
  docker: z
    .strictObject({
      dockerFilePath: repositoryPath.optional(),
      dockerWorkDir: repositoryPath.optional(),
      dockerfileTarget: z.string().max(200).optional(),
    })
    .optional(),
})

const startBody = z
  .strictObject({
    branch: branchName.optional(),
    pullRequestId: z.int().min(1).optional(),
    sha: commitSha.optional(),
    overrides: buildOverrides.optional(),
  })
  .refine((body) => body.branch === undefined || body.pullRequestId === undefined, {
    message: 'has either branch or pullRequestId',
    path: ['pullRequestId'],
  })

const logLine = z.object({ containerId: z.string(), log: z.string(), ts: z.string() })

export const logQuery = z.object({
  buildId: z.string().max(100).optional(),
  runId: z.string().max(100).optional(),
  containerName: z.string().max(200).optional(),
  lineLimit: z.coerce.number().int().min(1).max(10_000).default(500),
  duration: z.coerce.number().min(1).optional().describe('seconds back from now'),
  startTime: z.string().optional(),
  endTime: z.string().optional(),
  textIncludes: z.string().max(500).optional(),
})

const routesOf = <P extends z.ZodObject, One extends z.ZodObject>(
  noun: 'Service' | 'Job',
  base: string,
  { params, one }: { params: P; one: One },
) => {
  const tag = 'Builds'
  const read = { method: 'GET', tag, permission: 'read' } as const
  return {
    list: route({
      ...read,
      id: `list${noun}Builds`,
      path: `${base}/build`,
      summary: 'Builds, newest first',
      params,
      reply: z.object({ builds: z.array(buildView) }),
      paginated: true,
    }),
    start: route({
      id: `start${noun}Build`,
      method: 'POST',
      tag,
      permission: 'write',
      path: `${base}/build`,
      summary: 'Build a branch, or a commit of it',
      params,
      body: startBody,
      reply: buildView,
    }),
    get: route({
      ...read,
      id: `get${noun}Build`,
      path: `${base}/build/{buildId}`,
      summary: 'A build',
      params: one,
      reply: buildView,
    }),
    abort: route({
      id: `abort${noun}Build`,
      method: 'DELETE',
      tag,
      permission: 'write',
      path: `${base}/build/{buildId}`,
      summary: 'Abort a build',
      params: one,
      reply: z.object({}),
    }),
  }
}

const ofService = z.object({ projectId: resourceId, serviceId: resourceId })
const ofJob = z.object({ projectId: resourceId, jobId: resourceId })
const oneBuild = { buildId: z.string().min(1).max(100) }

const logRoutesOf = <P extends z.ZodObject>(noun: 'Service' | 'Job', base: string, params: P) => {
  const read = { method: 'GET', tag: 'Builds', permission: 'read', params } as const
  return {
    branches: route({
      ...read,
      id: `list${noun}Branches`,
      path: `${base}/branches`,
      summary: 'The branches of the repository',
      reply: z.object({
        branches: z.array(
          z.object({
            name: z.string(),
            id: z.string(),
            commit: z.object({ sha: z.string(), author: z.object({ login: z.string() }) }),
          }),
        ),
      }),
      paginated: true,
    }),
    buildLogs: route({
      ...read,
      id: `get${noun}BuildLogs`,
      path: `${base}/build-logs`,
      summary: 'The last lines of a build log',
      query: logQuery,
      reply: z.array(logLine),
    }),
    logs: route({
      ...read,
      id: `get${noun}Logs`,
      path: `${base}/logs`,
      summary: 'The last lines of the instances',
      query: logQuery,
      reply: z.array(logLine),
    }),
  }
}

const service = '/projects/{projectId}/services/{serviceId}'
const job = '/projects/{projectId}/jobs/{jobId}'

export const serviceBuilds = routesOf('Service', service, {
  params: ofService,
  one: ofService.extend(oneBuild),
})
export const clearServiceBuildCache = route({
  id: 'clearServiceBuildCache',
  method: 'DELETE',
  tag: 'Builds',
  permission: 'write',
  path: `${service}/build-cache`,
  summary: 'Let the next build of the service use no cache',
  params: ofService,
  reply: z.object({}),
})
export const jobBuilds = routesOf('Job', job, { params: ofJob, one: ofJob.extend(oneBuild) })
export const serviceLogs = logRoutesOf('Service', service, ofService)
export const jobLogs = logRoutesOf('Job', job, ofJob)
