import { z } from 'zod'
import { resourceId } from '../names.ts'
import { dockerSecretMounts, secretFiles, variables } from '../resources/secret-group.ts'
import { route } from '../route.ts'

/** The values of services and jobs, which have the same routes. They are secrets: reading them needs an admin token. */
const values = z.record(z.string(), z.string())
const files = z.record(z.string(), z.object({ data: z.string(), encoding: z.string().optional() }))

const detail = z.object({
  value: z.unknown(),
  inheritedFrom: z.string().optional(),
  addonId: z.string().optional(),
  priority: z.number().optional(),
  overriding: z.array(z.unknown()),
})

const routesOf = <P extends z.ZodType>(noun: 'Service' | 'Job', base: string, params: P) => {
  const tag = `${noun}s`
  const read = { method: 'GET', tag, permission: 'admin', params } as const
  const write = { method: 'POST', tag, permission: 'write', params } as const
  return {
    getRuntime: route({
      ...read,
      id: `get${noun}RuntimeEnvironment`,
      path: `${base}/runtime-environment`,
      summary: 'The runtime variables and files; `show=this` leaves out what secret groups give',
      query: z.object({ show: z.enum(['this', 'inherited', 'all', 'group']).default('all') }),
      reply: z.object({ runtimeEnvironment: values, runtimeFiles: files }),
    }),
    setRuntime: route({
      ...write,
      id: `update${noun}RuntimeEnvironment`,
      path: `${base}/runtime-environment`,
      summary: 'Replace the own runtime variables and files. What runs is replaced by a rollout',
      body: z.strictObject({ runtimeEnvironment: variables, runtimeFiles: secretFiles.optional() }),
      reply: z.object({}),
    }),
    getRuntimeDetails: route({
      ...read,
      id: `get${noun}RuntimeEnvironmentDetails`,
      path: `${base}/runtime-environment/details`,
      summary: 'Each runtime variable with where it comes from',
      reply: z.object({
        runtimeEnvironment: z.record(z.string(), detail),
        runtimeFiles: z.record(z.string(), detail),
      }),
    }),
    getBuild: route({
      ...read,
      id: `get${noun}BuildArguments`,
      path: `${base}/build-arguments`,
      summary: 'The build arguments, files and secret mounts',
      query: z.object({ show: z.enum(['this', 'inherited', 'all', 'group']).default('all') }),
      reply: z.object({ buildArguments: values, buildFiles: files, dockerSecretMounts: files }),
    }),
    setBuild: route({
      ...write,
      id: `update${noun}BuildArguments`,
      path: `${base}/build-arguments`,
      summary: 'Replace the own build arguments, files and secret mounts; the next build uses them',
      body: z.strictObject({
        buildArguments: variables,
        buildFiles: secretFiles.optional(),
        dockerSecretMounts: dockerSecretMounts.optional(),
      }),
      reply: z.object({}),
    }),
  }
}

export const serviceEnvironment = routesOf(
  'Service',
  '/projects/{projectId}/services/{serviceId}',
  z.object({ projectId: resourceId, serviceId: resourceId }),
)

export const jobEnvironment = routesOf(
  'Job',
  '/projects/{projectId}/jobs/{jobId}',
  z.object({ projectId: resourceId, jobId: resourceId }),
)
