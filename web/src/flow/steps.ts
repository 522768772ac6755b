import { type FlowNode, kindOf, type LoopNode, type WorkflowNode } from '@fairway/contract/nodes/kinds'

/** What a run writes beside each step. Times are seconds since 1970. */
export type StepResponse = {
  status: string
  message?: string
  retries?: { attempts: number; maxAttempts: number }
  startTime?: number
  endTime?: number
  input?: unknown
  data?: Record<string, unknown>
  iterations?: unknown[]
}

export const isContainer = (node: FlowNode): node is WorkflowNode | LoopNode =>
  node.kind === 'Workflow' || node.kind === 'LoopWorkflow'

export const stepsOf = (node: FlowNode): readonly FlowNode[] => (isContainer(node) ? node.spec.steps : [])

export const responseOf = (node: FlowNode): StepResponse | undefined =>
  (node as FlowNode & { response?: StepResponse }).response

/** The step at a path, undefined when there is none. */
export function stepAt(root: FlowNode, path: string): FlowNode | undefined {
  if (path === '') return root
  return path
    .split('.')
    .reduce<FlowNode | undefined>((node, index) => node && stepsOf(node)[Number(index)], root)
}

/** Every step with its path, outermost first. */
export function allSteps(root: FlowNode, path = ''): { path: string; node: FlowNode }[] {
  const children = stepsOf(root).flatMap((step, index) =>
    allSteps(step, path === '' ? String(index) : `${path}.${index}`),
  )
  return [{ path, node: root }, ...children]
}

type Loose = Record<string, unknown>
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const idOf = (value: unknown): string => text((value as Loose | undefined)?.id)

const RELEASE_TITLES: Readonly<Record<string, string>> = {
  build: 'Deploy build',
  deployment: 'Promote',
  registry: 'Deploy image',
}

/** What a step does, in two or three words. */
export function titleOf(node: FlowNode): string {
  const spec = (node.spec ?? {}) as Loose
  switch (node.kind) {
    case 'Workflow':
      return spec.type === 'parallel' ? 'In parallel' : 'In sequence'
    case 'LoopWorkflow':
      return 'For each item'
    case 'LoopData':
      return 'Loop data'
    case 'Release':
      return RELEASE_TITLES[text(spec.type)] ?? 'Release'
    case 'Build':
      return 'Build'
    case 'JobRun':
      return 'Run job'
    case 'AddonBackup':
      return 'Back up'
    case 'Action':
      return `${capital(text(spec.action ?? spec.type) || 'Action')}`
    case 'Condition':
      return 'Wait for'
    case 'Message':
      return 'Send message'
    case 'Approval':
      return 'Approval'
    case 'RunTemplate':
      return 'Run flow'
    default:
      return kindOf(node.kind)?.uiName ?? node.kind
  }
}

/** What it does it to. */
export function subjectOf(node: FlowNode): string {
  const spec = (node.spec ?? {}) as Loose
  switch (node.kind) {
    case 'Release': {
      const image = text((spec.origin as Loose | undefined)?.imagePath)
      const from = idOf(spec.origin) || image
      return from === '' ? idOf(spec.target) : `${from} → ${idOf(spec.target)}`
    }
    case 'Build':
      return [text(spec.id), text(spec.branch)].filter(Boolean).join(' · ')
    case 'JobRun':
      return text(spec.jobId)
    case 'AddonBackup':
      return text(spec.addonId)
    case 'Approval':
      return `${spec.amount ?? 1} ${spec.amount === undefined || spec.amount === 1 ? 'person' : 'people'}`
    default:
      return firstText(spec)
  }
}

function firstText(spec: Loose): string {
  for (const key of ['id', 'objectId', 'serviceId', 'jobId', 'addonId', 'templateId', 'pipelineId', 'url']) {
    const value = text(spec[key])
    if (value !== '') return value
  }
  const data = spec.data as Loose | undefined
  return data === undefined || data === null || typeof data !== 'object' ? '' : firstText(data)
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
