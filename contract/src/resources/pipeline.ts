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

const member = pipelineObject.omit({ stage: true })

const unique = (all: readonly PipelineObject[]): boolean =>
  new Set(all.map(({ type, id }) => `${type}/${id}`)).size === all.length

/** Resources may be given by stage (`stages`) or as one list (`nfObjects`); both come out as `nfObjects`. */
const members = {
  stages: z
    .array(z.strictObject({ name: stageName, nfObjects: z.array(member).max(100).default([]) }))
    .max(3)
    .optional(),
  nfObjects: z.array(pipelineObject).max(300).optional(),
}

type Members = {
  stages?: { name: Stage; nfObjects: Omit<PipelineObject, 'stage'>[] }[] | undefined
  nfObjects?: PipelineObject[] | undefined
}

function withMembers<T extends Members>({ stages: byStage, nfObjects, ...rest }: T) {
  if (byStage === undefined && nfObjects === undefined) return rest
  const placed = (byStage ?? []).flatMap((stage) =>
    stage.nfObjects.map((one) => ({ ...one, stage: stage.name })),
  )
  return { ...rest, nfObjects: [...placed, ...(nfObjects ?? [])] }
}

const once = { message: 'must name each resource once', path: ['nfObjects'] }

export const pipelineBody = z
  .strictObject({ name: nameOf(3, 39), description, ...members })
  .transform((body) => ({ ...withMembers(body), name: body.name, description: body.description }))
  .refine((body) => unique(objectsOf(body)), once)

export const pipelinePatch = z
  .strictObject({ description: z.string().max(200).optional(), ...members })
  .transform((body) => ({ ...withMembers(body), description: body.description }))
  .refine((body) => unique(objectsOf(body)), once)

const objectsOf = (body: object): PipelineObject[] =>
  'nfObjects' in body ? (body.nfObjects as PipelineObject[]) : []

export type PipelineBody = { name: string; description: string; nfObjects?: PipelineObject[] | undefined }
export type PipelinePatch = { description?: string | undefined; nfObjects?: PipelineObject[] | undefined }
