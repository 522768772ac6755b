import { z } from 'zod'
import type { Values } from './values.ts'

const target = <W>(values: Values<W>) =>
  z
    .strictObject({ id: values.text(200), type: values.oneOf('service', 'job') })
    .describe('The service or job of this stage to deploy to.')

const buildOrigin = <W>(values: Values<W>) =>
  z.strictObject({
    id: values
      .text(200)
      .optional()
      .describe('The build service, or projectId/serviceId. May be left out when build is an expression.'),
    branch: values.text(255).optional(),
    pullRequestId: values.integer(1, 2_147_483_647).optional(),
    build: values.text(200).optional().describe('A build id, or latest (the default).'),
  })

const registryOrigin = <W>(values: Values<W>) =>
  z.strictObject({
    imagePath: values.text(500),
    credentials: values.text(200).optional().describe('The id of saved registry credentials.'),
  })

/** Deploys a build, promotes what the stage before runs, or deploys an external image. */
export const releaseSpec = <W>(values: Values<W>) =>
  z.discriminatedUnion(
    'type',
    [
      z.strictObject({
        type: z.literal('build'),
        projectId: values.text(200).optional(),
        origin: buildOrigin(values),
        target: target(values),
      }),
      z.strictObject({
        type: z.literal('deployment'),
        projectId: values.text(200).optional(),
        origin: z.strictObject({ id: values.text(200), type: values.oneOf('service', 'job') }),
        target: target(values),
      }),
      z.strictObject({
        type: z.literal('registry'),
        projectId: values.text(200).optional(),
        origin: registryOrigin(values),
        target: target(values),
      }),
    ],
    { error: 'must be one of build, deployment, registry' },
  )
export type ReleaseSpec = z.infer<ReturnType<typeof releaseSpec<never>>>
