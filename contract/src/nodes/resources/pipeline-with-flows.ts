import { z } from 'zod'
import { pipelineBody, pipelineObject, stageName } from '../../resources/pipeline.ts'

const embeddedFlow = z
  .strictObject({ kind: z.literal('ReleaseFlow'), spec: z.record(z.string(), z.json()) })
  .describe('The release flow of the stage, as a document')

const stage = z.strictObject({
  name: stageName,
  nfObjects: z
    .array(pipelineObject.omit({ stage: true }))
    .max(100)
    .default([]),
  releaseFlow: embeddedFlow.optional(),
})

/** A pipeline as templates write it: with the release flows of its stages. */
export const pipelineWithFlows = z
  .strictObject({
    name: pipelineBody.in.shape.name,
    description: pipelineBody.in.shape.description,
    stages: z.array(stage).max(3).optional(),
    nfObjects: z.array(pipelineObject).max(300).optional(),
  })
  .superRefine((body, context) => {
    const { stages = [], nfObjects = [], ...rest } = body
    const placed = stages.flatMap(({ name, nfObjects: own }) => own.map((one) => ({ ...one, stage: name })))
    const all = [...placed, ...nfObjects]
    const once = pipelineBody.safeParse({ ...rest, nfObjects: all })
    // What is wrong with single fields has been said by their own schemas.
    for (const { code, message, path } of once.error?.issues ?? [])
      if (code === 'custom') context.addIssue({ code, message, path: [...path] })
  })
export type PipelineWithFlows = z.output<typeof pipelineWithFlows>
