import { check } from '@fairway/contract/check'
import { pipelineWithFlows } from '@fairway/contract/nodes/resources/pipeline-with-flows'
import { type PipelineObject, stages } from '@fairway/contract/resources/pipeline'
import { z } from 'zod'
import type { Db } from '../../../db/db.ts'
import { findPipeline, listPipelineObjects } from '../../../db/pipelines.ts'
import { findReleaseFlow } from '../../../db/release-flows.ts'
import type { Sealer } from '../../../lib/seal.ts'
import { openFlowSecrets } from '../../flows/argument-overrides.ts'
import { saveReleaseFlow } from '../../flows/save.ts'
import { putPipeline } from '../../pipelines/save.ts'
import { differencesOf, type Json } from '../difference.ts'
import type { Resource, ResourceKey, SaveParts } from '../resource.ts'

type Flow = { document: Json; argumentOverrides?: Json }
type Body = {
  name: string
  description: string
  nfObjects: PipelineObject[]
  /** By the name of their stage; stages that are not named keep theirs. */
  releaseFlows: Record<string, Flow>
}

const body = z.object({
  name: pipelineWithFlows.shape.name,
  description: pipelineWithFlows.shape.description,
  nfObjects: z.array(z.custom<PipelineObject>()).default([]),
  releaseFlows: z.record(z.string(), z.custom<Flow>()).default({}),
})

/** A pipeline with what stands in its stages and with the flows that the document writes out. */
export const pipelineResource: Resource = {
  kind: 'Pipeline',
  schema: body,
  bodyOf,
  async read(db, key, sealer) {
    const { projectId, id: pipelineId } = key
    const row = await findPipeline(db, { projectId, pipelineId })
    if (row === undefined) return undefined
    const objects = await listPipelineObjects(db, { projectId, pipelineId })
    const { name, description } = row
    return { name, description, nfObjects: inOrder(objects), releaseFlows: await flowsOf(db, key, sealer) }
  },
  async save(tx, parts, deps) {
    const { projectId, id: pipelineId } = parts.key
    const { actor } = parts
    const { name, description, nfObjects } = parts.body as Body
    await putPipeline(tx, { projectId, actor }, { name, description, nfObjects })
    for (const [stage, flow] of changedFlows(parts)) {
      const { document, argumentOverrides } = flow
      const request = { projectId, pipelineId, stage: stage as PipelineObject['stage'], actor }
      await saveReleaseFlow(
        tx,
        request,
        { ...document, ...(argumentOverrides && { argumentOverrides }) },
        deps,
      )
    }
  },
  keep: ['nfObjects', ...stages.flatMap((stage) => [`releaseFlows.${stage}`])],
  fixed: [],
  once: [],
  secret: stages.map((stage) => `releaseFlows.${stage}.argumentOverrides`),
}

/** Stages are taken apart: what stands in them, and their flows. */
function bodyOf(spec: Json): Json {
  const { name, description, stages: written, nfObjects } = check(pipelineWithFlows, spec, 'spec')
  const placed = (written ?? []).flatMap((stage) =>
    stage.nfObjects.map((one) => ({ ...one, stage: stage.name })),
  )
  const saysMembers = written !== undefined || nfObjects !== undefined
  const flows = (written ?? []).flatMap(({ name: stage, releaseFlow }) =>
    releaseFlow === undefined ? [] : [[stage, flowOf(releaseFlow.spec)] as const],
  )
  return {
    name,
    ...(spec.description !== undefined && { description }),
    ...(saysMembers && { nfObjects: inOrder([...placed, ...(nfObjects ?? [])]) }),
    releaseFlows: Object.fromEntries(flows),
  }
}

/** The link to git is a matter of the flow itself. */
function flowOf({ argumentOverrides, gitops: _, ...document }: Json): Flow {
  const overrides = (argumentOverrides ?? {}) as Json
  return { document, ...(Object.keys(overrides).length > 0 && { argumentOverrides: overrides }) }
}

async function flowsOf(
  db: Db,
  { projectId, id }: ResourceKey,
  sealer: Sealer,
): Promise<Body['releaseFlows']> {
  const flows: Body['releaseFlows'] = {}
  for (const stage of stages) {
    const key = { projectId, pipelineId: id, stage }
    const flow = await findReleaseFlow(db, key)
    if (flow === undefined) continue
    const { overrides } = openFlowSecrets(key, flow, sealer)
    const hasOverrides = Object.keys(overrides).length > 0
    flows[stage] = { document: flow.document, ...(hasOverrides && { argumentOverrides: overrides }) }
  }
  return flows
}

function changedFlows({ body: wanted, current }: SaveParts): [string, Flow][] {
  const before = ((current as Body | undefined)?.releaseFlows ?? {}) as Record<string, Flow>
  return Object.entries((wanted as Body).releaseFlows).filter(
    ([stage, flow]) => differencesOf((before[stage] ?? {}) as Json, flow).length > 0,
  )
}

const inOrder = (objects: readonly PipelineObject[]): PipelineObject[] =>
  objects.toSorted((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1))

const rankOf = ({ stage, type, id }: PipelineObject): string => `${stage} ${type} ${id}`
