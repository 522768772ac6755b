import type { FlowDocument as Document, RunRequest } from '@fairway/contract/flow'
import type { FlowNode, WorkflowNode } from '@fairway/contract/nodes/kinds'
import { type Problem, parseDocument } from './document.ts'
import { isContainer } from './paths.ts'
import { nodesOf } from './walk.ts'

type Overrides = Pick<RunRequest, 'overrides' | 'releaseNodeOverrides'>

export type Overridden =
  | { ok: true; document: Document; triggers: Record<string, Record<string, unknown>> }
  | { ok: false; problems: Problem[] }

/**
 * The document as one run executes it: `overrides` replace fields of the spec of the step of that ref, or what
 * `${refs.<trigger>...}` gives; `releaseNodeOverrides` replace what the Release step of that target deploys.
 * The document that is handed in is not changed, and what comes out has been read again as a document.
 */
export function applyOverrides(
  document: Document,
  { overrides, releaseNodeOverrides }: Overrides,
): Overridden {
  const byRef = overrides ?? {}
  const byTarget = releaseNodeOverrides ?? {}
  const problems = [...unknownRefs(document, byRef), ...unknownTargets(document, byTarget)]
  if (problems.length > 0) return { ok: false, problems }
  const triggerNames = new Set((document.triggers ?? []).flatMap(({ ref }) => ref ?? []))
  const triggers = Object.fromEntries(Object.entries(byRef).filter(([ref]) => triggerNames.has(ref)))
  const spec = replaced(document.spec, byRef, byTarget) as WorkflowNode
  const parsed = parseDocument({ ...document, spec })
  return parsed.ok ? { ok: true, document: parsed.document, triggers } : parsed
}

type ByRef = NonNullable<Overrides['overrides']>
type ByTarget = NonNullable<Overrides['releaseNodeOverrides']>

function replaced(node: FlowNode, byRef: ByRef, byTarget: ByTarget): FlowNode {
  const fields = node.ref !== undefined && Object.hasOwn(byRef, node.ref) ? byRef[node.ref] : undefined
  const released = node.kind === 'Release' ? releaseSpec(node, byTarget) : node.spec
  const spec = fields === undefined ? released : { ...released, ...fields }
  if (!isContainer(node)) return { ...node, spec } as FlowNode
  const steps = node.spec.steps.map((step) => replaced(step, byRef, byTarget))
  return { ...node, spec: { ...spec, steps } } as FlowNode
}

type ReleaseNode = Extract<FlowNode, { kind: 'Release' }>

function releaseSpec(node: ReleaseNode, byTarget: ByTarget): ReleaseNode['spec'] {
  const { spec } = node
  const override = Object.hasOwn(byTarget, spec.target.id) ? byTarget[spec.target.id] : undefined
  if (override === undefined || spec.type === 'deployment') return spec
  const type = override.type ?? spec.type
  // Another way to deploy has nothing in common with the old origin.
  const origin = type === spec.type ? { ...spec.origin, ...override.origin } : override.origin
  return { ...spec, type, origin } as ReleaseNode['spec']
}

function unknownRefs(document: Document, byRef: ByRef): Problem[] {
  const known = new Set([
    ...(document.triggers ?? []).flatMap(({ ref }) => ref ?? []),
    ...nodesOf(document).flatMap(({ node }) => node.ref ?? []),
  ])
  return Object.keys(byRef).flatMap((ref) =>
    known.has(ref)
      ? []
      : [
          {
            path: `overrides.${ref}`,
            rule: `no trigger or step has the ref "${ref}". Known: ${[...known].join(', ')}.`,
          },
        ],
  )
}

function unknownTargets(document: Document, byTarget: ByTarget): Problem[] {
  const releases = nodesOf(document).flatMap(({ node }) => (node.kind === 'Release' ? [node.spec] : []))
  return Object.keys(byTarget).flatMap((id) => {
    const own = releases.filter(({ target }) => target.id === id)
    const path = `releaseNodeOverrides.${id}`
    if (own.length === 0) return [{ path, rule: `no Release step has the target "${id}".` }]
    return own.every(({ type }) => type === 'deployment')
      ? [{ path, rule: 'a promotion cannot be overridden: it deploys what the stage before runs.' }]
      : []
  })
}
