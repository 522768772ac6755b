import { z } from 'zod'
import type { Values } from './values.ts'

const templateTypes = [
  'release-flow-template',
  'template',
  'preview-env-template',
  'workflow',
  'preview-blueprint',
  'template-teardown',
  'workflow-teardown',
  'preview-blueprint-teardown',
] as const

/** Starts another flow. Only `release-flow-template` can be run; the others are known and refused by the check. */
export const runTemplateSpec = <W>(values: Values<W>) =>
  z.strictObject({
    templateType: values.oneOf(...templateTypes),
    templateId: values
      .text(300)
      .describe('stage, pipelineId:stage or projectId/pipelineId:stage, such as shop:Staging.'),
    arguments: z
      .strictObject({
        variables: values.list(z.strictObject({ key: values.text(200), value: values.text(20_000, 0) }), 200),
      })
      .optional(),
  })
export type RunTemplateSpec = z.infer<ReturnType<typeof runTemplateSpec<never>>>

export type FlowAddress = { projectId: string; pipelineId: string; stage: string }

/** Reads a `templateId` relative to the flow that names it. Undefined: not one of the three forms. */
export function parseTemplateId(templateId: string, from: FlowAddress): FlowAddress | undefined {
  const match = /^(?:(?:([^/:\s]+)\/)?([^/:\s]+):)?([^/:\s]+)$/.exec(templateId)
  const stage = match?.[3] === undefined ? undefined : stageOf(match[3])
  if (match === null || stage === undefined) return undefined
  return { projectId: match[1] ?? from.projectId, pipelineId: match[2] ?? from.pipelineId, stage }
}

const stages = ['Development', 'Staging', 'Production']

const stageOf = (text: string): string | undefined =>
  stages.find((stage) => stage.toLowerCase() === text.toLowerCase())

/** The key of a flow in a map of flows. */
export const addressKey = (address: FlowAddress): string =>
  `${address.projectId}/${address.pipelineId}:${address.stage}`
