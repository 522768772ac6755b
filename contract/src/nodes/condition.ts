import { z } from 'zod'
import { MAX_TIMEOUT_SECONDS } from './envelope.ts'
import type { Values } from './values.ts'

const body = <T extends 'running' | 'success', D extends z.ZodRawShape, W>(
  values: Values<W>,
  type: T,
  data: D,
) =>
  z.strictObject({
    type: z.literal(type, { error: `must be ${type}` }),
    data: z.strictObject({
      projectId: values.text(200).optional(),
      timeoutDuration: values.integer(1, MAX_TIMEOUT_SECONDS).optional(),
      ...data,
    }),
  })

/** Waits until a resource runs, or until a build, job run or backup has succeeded. */
export const conditionSpec = <W>(values: Values<W>) => {
  const id = values.text(200)
  return z.discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('Service'), spec: body(values, 'running', { serviceId: id }) }),
      z.strictObject({ kind: z.literal('Addon'), spec: body(values, 'running', { addonId: id }) }),
      z.strictObject({ kind: z.literal('Build'), spec: body(values, 'success', { buildId: id }) }),
      z.strictObject({
        kind: z.literal('JobRun'),
        spec: body(values, 'success', { jobId: id, runId: id }),
      }),
      z.strictObject({
        kind: z.literal('AddonBackup'),
        spec: body(values, 'success', { addonId: id, backupId: id }),
      }),
    ],
    { error: 'must be one of Service, Addon, Build, JobRun, AddonBackup' },
  )
}
export type ConditionSpec = z.infer<ReturnType<typeof conditionSpec<never>>>
