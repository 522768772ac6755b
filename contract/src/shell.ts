import { z } from 'zod'

/**
 * What goes over the WebSocket of a command in an instance, one JSON document a message, both ways:
 * `/v1/command-exec/projects/{projectId}/services/{serviceId}` or `…/jobs/{jobId}`. The first message is `init`; the
 * token is in it, never in the address. The names are those that existing clients send.
 */
const size = z.number().int().min(1).max(2000)

export const shellContext = z.object({
  instanceName: z.string().max(200).optional().describe('which instance; default any that runs'),
  containerName: z.string().max(200).optional().describe('the same'),
  command: z
    .union([z.string().max(100_000), z.array(z.string().max(100_000)).min(1).max(1000)])
    .optional()
    .describe('what to run; absent: a shell'),
  shell: z.string().max(1000).optional().describe('the shell that reads the command; "none" or absent: none'),
  user: z.string().max(200).optional(),
  group: z.string().max(200).optional(),
  encoding: z.enum(['utf8', 'utf-8', 'base64', 'hex', 'latin1']).default('utf8'),
  tty: z.boolean().optional().describe('default: yes for a shell, and where a size is given'),
  ttyColumns: size.optional(),
  ttyRows: size.optional(),
})
export type ShellContext = z.infer<typeof shellContext>

export const shellInit = z.object({
  type: z.literal('init'),
  data: z.object({
    auth: z.object({ type: z.literal('apiToken'), apiToken: z.string().min(1).max(1000) }),
    context: shellContext,
  }),
})

export const shellInput = z.discriminatedUnion('type', [
  z.object({ type: z.literal('payload'), data: z.string() }),
  z.object({ type: z.literal('stdInEnd') }),
  z.object({
    type: z.literal('resize'),
    data: z.object({ ttyColumns: size.optional(), ttyRows: size.optional() }),
  }),
])
export type ShellInput = z.infer<typeof shellInput>

export const shellOutput = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('init'),
    data: z.object({
      auth: z.enum(['successful', 'failed']),
      message: z.string().optional(),
      instance: z.string().optional(),
    }),
  }),
  z.object({ type: z.literal('stdOut'), data: z.string() }),
  z.object({ type: z.literal('stdErr'), data: z.string() }),
  z.object({
    type: z.literal('completion'),
    data: z.object({
      exitCode: z.number(),
      status: z.enum(['Success', 'Failure']),
      message: z.string().optional(),
    }),
  }),
  z.object({ type: z.literal('error'), data: z.object({ message: z.string() }) }),
])
export type ShellOutput = z.infer<typeof shellOutput>
