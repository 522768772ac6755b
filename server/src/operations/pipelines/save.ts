import { FairwayError } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import type { PipelineBody, PipelineObject, PipelinePatch } from '@fairway/contract/resources/pipeline'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { findJob } from '../../db/jobs.ts'
import {
  deletePipeline,
  findPipeline,
  insertPipeline,
  listPipelineObjects,
  type PipelineRow,
  placeOf,
  replacePipelineObjects,
  requirePipeline,
  unfinishedRuns,
  updatePipeline,
} from '../../db/pipelines.ts'
import { projectHasAddon } from '../../db/project-contents.ts'
import { findService } from '../../db/services.ts'
import { requireOpenProject } from '../projects/require.ts'

type Caller = { projectId: string; actor: string }

/** Creates a pipeline with its resources. 400 for a resource that may not join, 409 for one in another pipeline. */
export async function createPipeline(tx: Tx, caller: Caller, body: PipelineBody): Promise<PipelineRow> {
  await requireOpenProject(tx, caller.projectId)
  const { name, description } = body
  const id = slugOf(name)
  const pipeline = await insertPipeline(tx, caller.projectId, { id, name, description })
  if (pipeline === undefined) {
    throw new FairwayError('name_taken', `There is a pipeline "${id}" already. Choose another name.`)
  }
  await placeObjects(tx, { ...caller, pipelineId: id }, body.nfObjects ?? [])
  await audit(tx, caller, id, 'pipeline.create')
  return pipeline
}

/** Creates the pipeline, or makes the one of this name hold what the body says. */
export async function putPipeline(tx: Tx, caller: Caller, body: PipelineBody): Promise<PipelineRow> {
  const id = slugOf(body.name)
  if ((await findPipeline(tx, { ...caller, pipelineId: id })) === undefined)
    return createPipeline(tx, caller, body)
  const { description, nfObjects = [] } = body
  return patchPipeline(tx, { ...caller, pipelineId: id }, { description, nfObjects })
}

export async function patchPipeline(
  tx: Tx,
  target: Caller & { pipelineId: string },
  { description, nfObjects }: PipelinePatch,
): Promise<PipelineRow> {
  await requirePipeline(tx, target)
  if (nfObjects !== undefined) await placeObjects(tx, target, nfObjects)
  await audit(tx, target, target.pipelineId, 'pipeline.update')
  return updatePipeline(tx, target, { ...(description !== undefined && { description }) })
}

/** Deletes a pipeline with its flows and their runs. 409 while a run is under way. */
export async function removePipeline(tx: Tx, target: Caller & { pipelineId: string }): Promise<void> {
  await requirePipeline(tx, target)
  await refuseWhileRunning(tx, target)
  await deletePipeline(tx, target)
  await audit(tx, target, target.pipelineId, 'pipeline.delete')
}

async function placeObjects(
  tx: Tx,
  target: { projectId: string; pipelineId: string },
  objects: readonly PipelineObject[],
): Promise<void> {
  for (const object of objects) await checkMember(tx, target, object)
  const leaving = (await listPipelineObjects(tx, target)).filter(
    (old) => !objects.some((one) => one.id === old.id && one.type === old.type && one.stage === old.stage),
  )
  for (const { stage } of leaving) await refuseWhileRunning(tx, { ...target, stage })
  await replacePipelineObjects(tx, target, objects)
}

async function checkMember(
  tx: Tx,
  { projectId, pipelineId }: { projectId: string; pipelineId: string },
  { id, type }: PipelineObject,
): Promise<void> {
  const problem = await memberProblem(tx, projectId, { id, type })
  if (problem !== undefined) {
    throw new FairwayError('invalid_request', `nfObjects: ${type} "${id}" ${problem}.`, {
      problems: [{ field: 'nfObjects', rule: `${type} "${id}" ${problem}` }],
    })
  }
  const place = await placeOf(tx, { projectId, kind: type, id })
  if (place === undefined || place.pipelineId === pipelineId) return
  throw new FairwayError(
    'conflict',
    `The ${type} "${id}" is in the pipeline "${place.pipelineId}" already. Remove it there first.`,
  )
}

/** Why a resource may not stand in a stage: those that build themselves cannot receive a promotion. */
async function memberProblem(
  tx: Tx,
  projectId: string,
  { id, type }: Pick<PipelineObject, 'id' | 'type'>,
): Promise<string | undefined> {
  if (type === 'addon') return (await projectHasAddon(tx, projectId, id)) ? undefined : 'does not exist'
  if (type === 'job') {
    const job = await findJob(tx, { projectId, jobId: id })
    if (job === undefined) return 'does not exist'
    return job.spec.vcsData === undefined ? undefined : 'builds from git; only jobs that run builds may join'
  }
  const service = await findService(tx, { projectId, serviceId: id })
  if (service === undefined) return 'does not exist'
  return service.kind === 'deployment'
    ? undefined
    : `is a ${service.kind} service; only deployment services may join`
}

async function refuseWhileRunning(tx: Tx, place: Parameters<typeof unfinishedRuns>[1]): Promise<void> {
  const [run] = await unfinishedRuns(tx, place)
  if (run === undefined) return
  throw new FairwayError('conflict', `The release run ${run} is under way. Wait for it, or abort it first.`)
}

const audit = (tx: Tx, { projectId, actor }: Caller, id: string, type: string): Promise<void> =>
  recordEvent(tx, { projectId, topic: 'audit', subject: `${projectId}/${id}`, type, actor })
