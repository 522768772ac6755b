import { FairwayError } from '@fairway/contract/errors'
import type { RunRequest } from '@fairway/contract/flow'
import { resourceEntryOf } from '@fairway/contract/nodes/resources/kinds'
import type { TemplateDocument } from '@fairway/contract/resources/template'
import type { Db } from '../../db/db.ts'
import type { TemplateKey } from '../../db/templates.ts'
import type { PlacedStep } from '../flows/flow-rules.ts'
import { describeStep } from '../runs/describe-step.ts'
import type { RunDeps } from '../runs/start.ts'
import type { Difference, Json } from './difference.ts'
import { publishedOf, requireTemplate, requireTemplateVersion } from './get.ts'
import { outputsOf, planResource } from './plan-resource.ts'
import type { ResourceDeps } from './resource.ts'
import { prepareTemplate } from './run.ts'

/** What a run would do with one resource. */
export type ForeseenResource = {
  kind: string
  ref: string | null
  name: string
  id: string | null
  projectId: string | null
  /** `unknown`: only the run will know; `refused`: the run will fail here, and why. */
  action: 'create' | 'change' | 'none' | 'refused' | 'unknown'
  differences: Difference[]
  message?: string
}

export type TemplatePlan = {
  resources: ForeseenResource[]
  /** The steps that do something else, in words. */
  steps: string[]
  /** Whether a run would leave everything as it is. */
  unchanged: boolean
}

export type DryRunDeps = RunDeps & ResourceDeps

type DryRun = {
  key: TemplateKey
  body: RunRequest
  /** Instead of what is published. */
  version?: number | undefined
}

/** What a run of the template would make, change and leave alone, if it started now. Changes nothing. */
export async function dryRun(
  db: Db,
  { key, body, version }: DryRun,
  deps: DryRunDeps,
): Promise<TemplatePlan> {
  const template = await requireTemplate(db, key)
  const written: TemplateDocument =
    version === undefined
      ? publishedOf(template).document
      : (await requireTemplateVersion(db, { ...key, version })).document
  const { document, values } = await prepareTemplate(db, { template, written, body }, deps)
  const plan: TemplatePlan = { resources: [], steps: [], unchanged: true }
  const steps = deps.rules.foreseeEach(document, values, key.projectId)
  let step = steps.next()
  while (step.done !== true) {
    const answer = step.value.skipped ? undefined : await addStep(db, step.value, { plan, deps })
    step = steps.next(answer)
  }
  plan.unchanged = plan.steps.length === 0 && plan.resources.every(({ action }) => action === 'none')
  return plan
}

type Adding = { plan: TemplatePlan; deps: DryRunDeps }

/** Answers what later steps will read of it. */
async function addStep(db: Db, step: PlacedStep, { plan, deps }: Adding): Promise<Json | undefined> {
  const entry = resourceEntryOf(step.kind)
  if (entry === undefined) {
    plan.steps.push(describeStep(step))
    return undefined
  }
  if (!step.known || (step.projectId === null && entry.scope === 'project')) {
    plan.resources.push({ ...begun(step), action: 'unknown', message: 'Only the run will know its values.' })
    return undefined
  }
  try {
    return await addResource(db, step, { plan, deps })
  } catch (error) {
    if (!(error instanceof FairwayError)) throw error
    plan.resources.push({ ...begun(step), action: 'refused', message: error.message })
    return undefined
  }
}

async function addResource(db: Db, step: PlacedStep, { plan, deps }: Adding): Promise<Json> {
  const { kind, spec, projectId, updateMode = 'put' } = step
  const request = { kind, updateMode, spec: spec as Json, projectId: projectId ?? '' }
  const planned = await planResource(db, request, deps)
  const { action, differences, key } = planned
  plan.resources.push({ ...begun(step), id: key.id, action, differences })
  return outputsOf(planned, deps)
}

function begun({ kind, ref, spec, projectId }: PlacedStep) {
  const { name } = spec as { name?: unknown }
  return { kind, ref, name: String(name ?? ''), id: null, projectId, differences: [] }
}
