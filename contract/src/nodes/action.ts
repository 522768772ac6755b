import { z } from 'zod'
import { MAX_TIMEOUT_SECONDS } from './envelope.ts'
import type { Values } from './values.ts'

const timeout = <W>(values: Values<W>) => values.integer(1, MAX_TIMEOUT_SECONDS).optional()

const command = <W>(values: Values<W>) => ({
  projectId: values.text(200).optional(),
  command: values.text().describe('Split into words, not given to a shell: write sh -c "a && b" for one.'),
  shell: values.text(200).optional(),
  user: values.text(100).optional(),
  group: values.text(100).optional(),
  timeoutDuration: timeout(values),
})

const serviceActions = <W>(values: Values<W>) =>
  z.discriminatedUnion(
    'type',
    [
      z.strictObject({
        type: z.literal('restart'),
        data: z.strictObject({
          projectId: values.text(200).optional(),
          serviceId: values.text(200),
          timeoutDuration: timeout(values),
        }),
        condition: z.literal('running', { error: 'must be "running" or left out' }).optional(),
      }),
      z.strictObject({
        type: z.literal('execute'),
        data: z.strictObject({
          ...command(values),
          serviceId: values.text(200),
          options: z.strictObject({ dispatchOnly: values.boolean().optional() }).optional(),
        }),
      }),
    ],
    { error: 'must be one of restart, execute' },
  )

const jobExecute = <W>(values: Values<W>) =>
  z.strictObject({
    type: z.literal('execute', { error: 'must be execute' }),
    data: z.strictObject({ ...command(values), jobId: values.text(200) }),
  })

const addonRestart = <W>(values: Values<W>) =>
  z.strictObject({
    type: z.literal('restart', { error: 'must be restart' }),
    data: z.strictObject({
      projectId: values.text(200).optional(),
      addonId: values.text(200),
      timeoutDuration: timeout(values),
    }),
    condition: z.literal('running', { error: 'must be "running" or left out' }).optional(),
  })

const backupRestore = <W>(values: Values<W>) =>
  z.strictObject({
    type: z.literal('restore', { error: 'must be restore' }),
    data: z.strictObject({
      projectId: values.text(200).optional(),
      addonId: values.text(200),
      backupId: values.text(200),
      timeoutDuration: timeout(values),
    }),
    condition: z.literal('success', { error: 'must be "success" or left out' }).optional(),
  })

/** Restarts, executes a command, restores a backup. */
export const actionSpec = <W>(values: Values<W>) =>
  z.discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('Service'), spec: serviceActions(values) }),
      z.strictObject({ kind: z.literal('Job'), spec: jobExecute(values) }),
      z.strictObject({ kind: z.literal('Addon'), spec: addonRestart(values) }),
      z.strictObject({ kind: z.literal('AddonBackup'), spec: backupRestore(values) }),
    ],
    { error: 'must be one of Service, Job, Addon, AddonBackup' },
  )
export type ActionSpec = z.infer<ReturnType<typeof actionSpec<never>>>
