import { FairwayError } from '@fairway/contract/errors'
import type { PipelineObject } from '@fairway/contract/resources/pipeline'
import type { Tx } from '../../db/db.ts'
import { placeOf, removeFromPipelines, unfinishedRuns } from '../../db/pipelines.ts'

/** Takes a resource that is being deleted out of its pipeline. 409 while a run of its stage is under way. */
export async function leavePipelines(
  tx: Tx,
  object: { projectId: string; kind: PipelineObject['type']; id: string },
): Promise<void> {
  const place = await placeOf(tx, object)
  if (place === undefined) return
  const [run] = await unfinishedRuns(tx, { projectId: object.projectId, ...place })
  if (run !== undefined) {
    throw new FairwayError(
      'conflict',
      `The ${object.kind} "${object.id}" is used by the release run ${run}. Wait for it, or abort it first.`,
    )
  }
  await removeFromPipelines(tx, object)
}
