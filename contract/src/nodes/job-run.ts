import { z } from 'zod'
import { files, type Values, variables } from './values.ts'

const docker = <W>(values: Values<W>) =>
  z.strictObject({
    configType: values.oneOf('default', 'customEntrypoint', 'customCommand', 'customEntrypointCustomCommand'),
    customEntrypoint: values.text().optional(),
    customCommand: values.text().optional(),
  })

const buildpack = <W>(values: Values<W>) =>
  z.strictObject({
    configType: values.oneOf(
      'default',
      'customProcess',
      'customCommand',
      'customEntrypointCustomCommand',
      'originalEntrypointCustomCommand',
    ),
    customProcess: values.text().optional(),
    customEntrypoint: values.text().optional(),
    customCommand: values.text().optional(),
  })

const storage = <W>(values: Values<W>) =>
  z.strictObject({
    ephemeralStorage: z.strictObject({ storageSize: values.integer(1, 1_000_000) }).optional(),
    shmSize: values.integer(1, 1_000_000).optional(),
  })

const internal = <W>(values: Values<W>) =>
  z.strictObject({
    id: values.text(200).optional(),
    branch: values.text(255).optional(),
    buildSHA: values.text(100).optional(),
    buildId: values.text(200).optional(),
  })

const deployment = <W>(values: Values<W>) =>
  z.strictObject({
    docker: docker(values).optional(),
    buildpack: buildpack(values).optional(),
    storage: storage(values).optional(),
    internal: internal(values).optional(),
    external: z
      .strictObject({ imagePath: values.text(500), credentials: values.text(200).optional() })
      .optional(),
  })

/** Starts a run of a job; what is given here applies to this run only. */
export const jobRunSpec = <W>(values: Values<W>) =>
  z.strictObject({
    projectId: values.text(200).optional(),
    jobId: values.text(200),
    runtimeEnvironment: variables(values).optional().describe('Merged over what the job has.'),
    runtimeFiles: files(values).optional(),
    dockerSecretMounts: files(values).optional(),
    billing: z.strictObject({ deploymentPlan: values.text(100).optional() }).optional(),
    deployment: deployment(values).optional(),
  })
export type JobRunSpec = z.infer<ReturnType<typeof jobRunSpec<never>>>
