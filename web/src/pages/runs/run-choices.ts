import type { FlowDocument } from '@fairway/contract/flow'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { allSteps } from '../../flow/steps.ts'

export type Origin = Record<string, string>
export type ReleaseOverride = { type: 'build' | 'registry'; origin: Origin }

/** What a person chose for one run. Texts that are empty were not chosen. */
export type Choices = {
  name: string
  description: string
  arguments: Record<string, string>
  /** By ref of a git trigger: what it would have seen. */
  triggers: Record<string, Record<string, string>>
  /** By id of the target. */
  releases: Record<string, ReleaseOverride>
}

export const NO_CHOICES: Choices = { name: '', description: '', arguments: {}, triggers: {}, releases: {} }

export type RunnableFlow = Pick<FlowDocument, 'richInputs' | 'triggers'> & {
  arguments: Record<string, unknown>
  argumentOverrideNames: readonly string[]
  spec: FlowNode
}

type RunBody = {
  arguments?: Record<string, unknown>
  overrides?: Record<string, Record<string, string>>
  releaseNodeOverrides?: Record<string, ReleaseOverride>
}

/** Pure. What the API is asked: nothing that was left to the document. */
export function runBodyOf(choices: Choices, flow: Pick<RunnableFlow, 'arguments'>): RunBody {
  const given = Object.entries(choices.arguments).filter(([, text]) => text !== '')
  const body = {
    arguments: Object.fromEntries(given.map(([name, text]) => [name, typed(text, flow.arguments[name])])),
    overrides: filled(choices.triggers, chosen),
    releaseNodeOverrides: filled(choices.releases, releaseOf),
  }
  return Object.fromEntries(Object.entries(body).filter(([, values]) => Object.keys(values).length > 0))
}

/** What must be chosen is sent even when it is empty, so that it is refused rather than ignored. */
const MUST = { build: ['id', 'build'], registry: ['imagePath'] } as const

function releaseOf({ type, origin }: ReleaseOverride): ReleaseOverride {
  const empty = Object.fromEntries(MUST[type].map((name) => [name, '']))
  return { type, origin: { ...empty, ...chosen(origin) } }
}

function chosen(texts: Record<string, string>): Record<string, string> | undefined {
  const given = Object.entries(texts).filter(([, text]) => text !== '')
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

const filled = <T, U>(all: Record<string, T>, read: (one: T) => U | undefined): Record<string, U> =>
  Object.fromEntries(
    Object.entries(all).flatMap(([key, one]) => {
      const value = read(one)
      return value === undefined ? [] : [[key, value]]
    }),
  )

/** What is not text in the document is not text in the run either, when it can be read as such. */
function typed(text: string, fallback: unknown): unknown {
  if (fallback === undefined || typeof fallback === 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    // Then it stands as it was typed; the server says what is wrong with it.
    return text
  }
}

export type ReleaseTarget = {
  id: string
  type: 'build' | 'registry'
  origin: Readonly<Record<string, unknown>>
}

/** Pure. What a run may be told to release instead: not promotions, and no target that is computed. */
export function releaseTargets(spec: FlowNode): ReleaseTarget[] {
  const found = new Map<string, ReleaseTarget>()
  for (const { node } of allSteps(spec)) {
    if (node.kind !== 'Release' || node.spec.type === 'deployment') continue
    const { target, type, origin } = node.spec
    if (!target.id.includes('${') && !found.has(target.id))
      found.set(target.id, { id: target.id, type, origin })
  }
  return [...found.values()]
}

/** Pure. The arguments that rich inputs fill. */
export const richArguments = ({ richInputs = [] }: Pick<RunnableFlow, 'richInputs'>): ReadonlySet<string> =>
  new Set(richInputs.flatMap(({ spec }) => Object.values(spec.outputs)).filter((name) => name !== undefined))
