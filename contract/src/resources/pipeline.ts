import { z } from 'zod'
import { description, nameOf, resourceId } from '../names.ts'

/** From first to last. A promotion takes what runs in the stage directly before. */
export const stages = ['Development', 'Staging', 'Production'] as const
export type Stage = (typeof stages)[number]

/** A stage as people write it in paths: any case. */
export const stageName = z
  .string()
  .transform((text) => stages.find((stage) => stage.toLowerCase() === text.toLowerCase()) ?? text)
  .pipe(z.enum(stages))

export const pipelineObject = z.strictObject({
  id: resourceId,
  type: z.enum(['service', 'job', 'addon']),
  stage: stageName,
})
export type PipelineObject = z.output<typeof pipelineObject>

export const pipelineBody = z.strictObject({
  name: nameOf(3, 39),
  description,
  nfObjects: z
    .array(pipelineObject)
    .max(300)
    .default([])
    .refine(
      (all) => new Set(all.map(({ type, id }) => `${type}/${id}`)).size === all.length,
      'must name each resource once',
    ),
})
export type PipelineBody = z.output<typeof pipelineBody>

export const pipelinePatch = z.strictObject({
  description: z.string().max(200).optional(),
  nfObjects: pipelineBody.shape.nfObjects.unwrap().optional(),
})
export type PipelinePatch = z.output<typeof pipelinePatch>
