import { check } from '@fairway/contract/check'
import { FairwayError } from '@fairway/contract/errors'
import { slugOf } from '@fairway/contract/names'
import { resourceEntryOf } from '@fairway/contract/nodes/resources/kinds'
import type { Db, Tx } from '../../db/db.ts'
import { mergePatch } from '../merge-patch.ts'
import { type Difference, differencesOf, isBelow, type Json } from './difference.ts'
import { at, withAt } from './paths.ts'
import type { Looked, Resource, ResourceDeps, ResourceKey } from './resource.ts'
import { resourceOf } from './resources/registry.ts'

export type ResourceRequest = {
  kind: string
  updateMode: 'put' | 'patch'
  /** With every expression resolved. */
  spec: Json
  projectId: string
}

export type ResourcePlan = {
  kind: string
  key: ResourceKey
  name: string
  action: 'create' | 'change' | 'none'
  /** Field by field; of a resource that is made, none. */
  differences: Difference[]
  body: Json
  current: Json | undefined
}

/**
 * What has to be done so that there is the resource that a step wants. Nothing is changed. Errors: `invalid_request`
 * names the field; `conflict`: a change of what cannot be changed; `not_found`: a patch of what is not there.
 */
export async function planResource(
  db: Db,
  request: ResourceRequest,
  { sealer }: Pick<ResourceDeps, 'sealer'>,
): Promise<ResourcePlan> {
  const { kind, updateMode } = request
  const resource = resourceOf(kind)
  const { projectId: _, ...spec } = request.spec
  const name = nameOf(spec)
  const isTeams = resourceEntryOf(kind)?.scope === 'team'
  const key = { projectId: isTeams ? '' : request.projectId, id: slugOf(name) }
  const current = plain(await resource.read(db, key, sealer))
  if (updateMode === 'patch' && current === undefined)
    throw new FairwayError(
      'not_found',
      `There is no ${kind} "${key.id}" to patch. Use updateMode put to make it.`,
    )
  const written = updateMode === 'patch' ? spec : read(kind, resource, spec)
  const body = wanted(resource, { written, current, updateMode })
  const plan = { kind, key, name, body, current }
  if (current === undefined) return { ...plan, action: 'create', differences: [] }
  const differences = compared(resource, current, body)
  refuseFixed(resource, differences)
  return { ...plan, action: differences.length === 0 ? 'none' : 'change', differences }
}

/** The node's own form is checked first, so that problems name the fields as they are written. */
function read(kind: string, resource: Resource, spec: Json): Json {
  const schema = resourceEntryOf(kind)?.body
  if (schema !== undefined) check(schema, spec, 'spec')
  return resource.bodyOf(spec)
}

type Wanted = { written: Json; current: Json | undefined; updateMode: 'put' | 'patch' }

function wanted(resource: Resource, { written, current, updateMode }: Wanted): Json {
  const { schema } = resource
  if (current === undefined) return check(schema, written, 'spec') as Json
  if (updateMode === 'patch')
    return check(schema, mergePatch(current, resource.bodyOf(written)), 'spec') as Json
  let body = check(schema, written, 'spec') as Json
  for (const path of resource.keep)
    if (isEmpty(at(written, path)) && at(current, path) !== undefined)
      body = withAt(body, path, at(current, path))
  return body
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

function compared(resource: Resource, current: Json, body: Json): Difference[] {
  const before = plain(check(resource.schema, current, 'current') as Json)
  const differences = differencesOf(before ?? {}, plain(body) ?? {}, resource.secret)
  return differences.filter(({ path }) => path !== 'name' && !resource.once.some((one) => isBelow(path, one)))
}

function refuseFixed(resource: Resource, differences: readonly Difference[]): void {
  const fixed = differences.find(({ path }) => resource.fixed.some((one) => isBelow(path, one)))
  if (fixed === undefined) return
  throw new FairwayError(
    'conflict',
    `${fixed.path} cannot be changed later: it is ${JSON.stringify(fixed.from ?? null)}, and the document says ${JSON.stringify(fixed.to ?? null)}. Write it as it is, or give the step another name.`,
  )
}

function nameOf({ name }: Json): string {
  if (typeof name === 'string' && name !== '') return name
  throw new FairwayError('invalid_request', 'name: is required', {
    problems: [{ field: 'name', rule: 'is required' }],
  })
}

/** As JSON has it: what is undefined is not there. */
const plain = <T extends Json | undefined>(value: T): T =>
  value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T)

type Applying = { plan: ResourcePlan; actor: string } & Looked

/** Does what a plan says, in the transaction that made the plan. */
export async function applyResource(
  tx: Tx,
  { plan, actor, ...looked }: Applying,
  deps: ResourceDeps,
): Promise<void> {
  if (plan.action === 'none') return
  const { kind, key, body, current } = plan
  await resourceOf(kind).save(tx, { key, actor, body, current, ...looked }, deps)
}

/** What later steps read of it. */
export function outputsOf({ kind, key, name, body }: ResourcePlan, deps: ResourceDeps): Json {
  const project = key.projectId === '' ? {} : { projectId: key.projectId }
  return { id: key.id, name, ...project, ...resourceOf(kind).outputs?.(body, key, deps) }
}
