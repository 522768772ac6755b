import type { PipelineObject } from '@fairway/contract/resources/pipeline'
import { allSteps } from '../../flow/steps.ts'

type FlowNode = Parameters<typeof allSteps>[0]

/** What a release flow deploys to a service or job of its stage. */
export type Brought = {
  target: Pick<PipelineObject, 'type' | 'id'>
  kind: 'build' | 'deployment' | 'registry'
  /** The service or job it is taken from, or the image, as the flow writes it. */
  from: string
}

type Loose = { id?: unknown; type?: unknown; imagePath?: unknown }
type ReleaseSpec = { type?: unknown; origin?: Loose; target?: Loose }

const KINDS = ['build', 'deployment', 'registry'] as const

/** What the flow will deploy, in the order of its steps. Pure. */
export const broughtBy = (flow: { spec: unknown }): Brought[] =>
  allSteps(flow.spec as FlowNode)
    .filter(({ node }) => node.kind === 'Release')
    .flatMap(({ node }) => {
      const { type, origin, target } = (node.spec ?? {}) as ReleaseSpec
      const kind = KINDS.find((one) => one === type)
      if (kind === undefined || typeof target?.id !== 'string') return []
      const from = kind === 'registry' ? origin?.imagePath : origin?.id
      const targetType = target.type === 'job' ? 'job' : 'service'
      return [
        { kind, from: typeof from === 'string' ? from : '', target: { type: targetType, id: target.id } },
      ]
    })

const WORDS = { build: 'gets builds', deployment: 'promoted', registry: 'gets the image' } as const

/** `promoted from web-staging`. Pure. */
export function broughtWords({ kind, from }: Brought): string {
  if (from === '') return WORDS[kind]
  return kind === 'registry'
    ? `${WORDS[kind]} ${from}`
    : `${WORDS[kind]} ${kind === 'build' ? 'of' : 'from'} ${from}`
}

/** What the flow takes from the stage before, as `web-staging to web`. Pure. */
export const promotionsFrom = (
  before: readonly Pick<PipelineObject, 'type' | 'id'>[],
  brought: readonly Brought[],
): string[] =>
  brought
    .filter(({ kind, from }) => kind === 'deployment' && before.some(({ id }) => id === from))
    .map(({ from, target }) => `${from} to ${target.id}`)
