import { FairwayError } from '@fairway/contract/errors'
import { type ResourceNode, resourceKinds } from '@fairway/contract/nodes/resources/kinds'
import type { ExternalSource } from '@fairway/contract/resources/deployment'
import type { Tx } from '../../../db/db.ts'
import type { Json } from '../../../operations/templates/difference.ts'
import {
  applyResource,
  outputsOf,
  planResource,
  type ResourcePlan,
} from '../../../operations/templates/plan-resource.ts'
import type { Looked, ResourceDeps } from '../../../operations/templates/resource.ts'
import { done } from '../../model.ts'
import { defineNode, type NodeDeps, type NodeWork, type StepContext, type StepResult } from '../../node.ts'

type Context = StepContext<Json, Json>

/** Makes a resource, or changes it so that it is as the document says; when it is so already, nothing happens. */
const resourceNode = (kind: ResourceNode['kind']): NodeWork =>
  defineNode<Json, Json>({
    kind,
    step: (tx, context, deps) => named(context, () => step(tx, context, deps)),
    /** What the saving needs to know of the world. */
    act: (context, deps, signal) => lookUp(context, deps, signal),
  })

export const resourceNodes: readonly NodeWork[] = resourceKinds.map(({ kind }) => resourceNode(kind))

async function step(tx: Tx, context: Context, deps: NodeDeps): Promise<StepResult> {
  const { run, acted } = context
  const plan = await planResource(tx, requestOf(context), deps)
  const resourceDeps: ResourceDeps = deps
  if (plan.action === 'none') return answer(plan, resourceDeps)
  if (needsLook(plan) && acted?.is !== 'answer') return { is: 'act', state: { external: imageOf(plan.body) } }
  const looked = (acted?.is === 'answer' ? acted.value : {}) as Looked
  await applyResource(tx, { plan, actor: run.created_by ?? 'template', ...looked }, resourceDeps)
  return answer(plan, resourceDeps)
}

const requestOf = ({ node, run, spec }: Context) => ({
  kind: node.kind,
  updateMode: (node as ResourceNode).updateMode ?? 'put',
  spec,
  projectId: run.project_id,
})

const RESULTS = { create: 'created', change: 'changed', none: 'unchanged' } as const

const answer = (plan: ResourcePlan, deps: ResourceDeps): StepResult =>
  done({
    ...outputsOf(plan, deps),
    result: RESULTS[plan.action],
    ...(plan.differences.length > 0 && { differences: plan.differences }),
  })

/** Registries and engines are asked outside of the transaction. */
const needsLook = ({ kind, body }: ResourcePlan): boolean => kind === 'Addon' || imageOf(body) !== undefined

const imageOf = (body: Json): ExternalSource | undefined =>
  (body.deployment as { external?: ExternalSource } | undefined)?.external

async function lookUp({ node, run, state }: Context, deps: NodeDeps, signal: AbortSignal): Promise<Looked> {
  if (node.kind === 'Addon') return { offers: await deps.addonOffers() }
  const { external } = (state ?? {}) as { external?: ExternalSource }
  if (external === undefined) return {}
  const use = { projectId: run.project_id, external }
  return { images: [{ ...use, digest: await deps.lookUpImage(use, signal) }] }
}

/** Errors say which resource they are about. */
async function named<T>({ node, spec }: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FairwayError)) throw error
    const { code, message, problems, data } = error
    throw new FairwayError(code, `${node.kind} "${String(spec.name ?? '')}": ${message}`, {
      cause: error,
      ...(problems && { problems }),
      ...(data && { data }),
    })
  }
}
