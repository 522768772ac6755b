import type { FlowNode, LoopNode, NodeKind, WorkflowNode } from '@fairway/contract/nodes/kinds'
import type { StepPath } from './layout.ts'
import { isContainer, stepsOf } from './steps.ts'

/** Edits of a flow: each takes a tree and answers a new one; what did not change is shared. A path that is not there changes nothing. */

type Container = WorkflowNode | LoopNode

const withSteps = (node: Container, steps: FlowNode[]): FlowNode =>
  ({ ...node, spec: { ...node.spec, steps } }) as FlowNode

const partsOf = (path: StepPath): number[] => (path === '' ? [] : path.split('.').map(Number))

function change(root: FlowNode, path: readonly number[], edit: (node: FlowNode) => FlowNode): FlowNode {
  const [first, ...rest] = path
  if (first === undefined) return edit(root)
  const steps = stepsOf(root)
  const child = steps[first]
  if (!isContainer(root) || child === undefined) return root
  return withSteps(
    root,
    steps.map((step, index) => (index === first ? change(child, rest, edit) : step)),
  )
}

export const replaceStep = (root: FlowNode, path: StepPath, node: FlowNode): FlowNode =>
  change(root, partsOf(path), () => node)

export const insertStep = (root: FlowNode, into: StepPath, index: number, node: FlowNode): FlowNode =>
  change(root, partsOf(into), (container) =>
    isContainer(container)
      ? withSteps(container, [...stepsOf(container)].toSpliced(index, 0, node))
      : container,
  )

/** The container of a step and its place in it; undefined for the root. */
export function placeOf(path: StepPath): { parent: StepPath; index: number } | undefined {
  const parts = partsOf(path)
  const index = parts.pop()
  return index === undefined ? undefined : { parent: parts.join('.'), index }
}

export function removeStep(root: FlowNode, path: StepPath): FlowNode {
  const place = placeOf(path)
  if (place === undefined) return root
  return change(root, partsOf(place.parent), (container) =>
    isContainer(container)
      ? withSteps(container, [...stepsOf(container)].toSpliced(place.index, 1))
      : container,
  )
}

/** One place earlier (-1) or later (1) among its siblings. */
export function moveStep(root: FlowNode, path: StepPath, by: -1 | 1): FlowNode {
  const place = placeOf(path)
  if (place === undefined) return root
  return change(root, partsOf(place.parent), (container) => {
    const steps = [...stepsOf(container)]
    const to = place.index + by
    const step = steps[place.index]
    if (!isContainer(container) || step === undefined || to < 0 || to >= steps.length) return container
    return withSteps(container, steps.toSpliced(place.index, 1).toSpliced(to, 0, step))
  })
}

/** Puts a step into a workflow of its own, to give it neighbours of the other kind. */
export const wrapStep = (root: FlowNode, path: StepPath, type: 'sequential' | 'parallel'): FlowNode =>
  change(root, partsOf(path), (node) => ({ kind: 'Workflow', spec: { type, steps: [node] } }) as FlowNode)

const SPECS: Readonly<Record<NodeKind, object>> = {
  Workflow: { type: 'parallel', steps: [] },
  LoopWorkflow: { iterations: [], steps: [] },
  LoopData: {},
  Build: { id: '', branch: 'main' },
  Release: { type: 'deployment', origin: { id: '', type: 'service' }, target: { id: '', type: 'service' } },
  JobRun: { jobId: '' },
  AddonBackup: { addonId: '' },
  Action: { kind: 'Service', spec: { type: 'restart', data: { serviceId: '' } } },
  Condition: { kind: 'Service', spec: { type: 'running', data: { serviceId: '' } } },
  Message: { kind: 'RAW_WEBHOOK', webhookUrl: 'https://', message: '' },
  Approval: { amount: 1 },
  RunTemplate: { templateType: 'release-flow-template', templateId: '' },
}
const CONDITIONS: Readonly<Partial<Record<NodeKind, string>>> = {
  Build: 'success',
  Release: 'running',
  JobRun: 'success',
  AddonBackup: 'success',
  RunTemplate: 'success',
}

/** A step as it comes from the palette; what it works on is still to be chosen. */
export const newStep = (kind: NodeKind): FlowNode =>
  ({
    kind,
    ...(CONDITIONS[kind] !== undefined && { condition: CONDITIONS[kind] }),
    spec: SPECS[kind],
  }) as FlowNode

export const emptyFlow = (): Record<string, unknown> => ({
  apiVersion: 'v1.2',
  options: { concurrencyPolicy: 'queue' },
  spec: { kind: 'Workflow', spec: { type: 'sequential', steps: [] } },
})
