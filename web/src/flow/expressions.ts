import { type FlowNode, kindOf } from '@fairway/contract/nodes/kinds'
import { allSteps } from './steps.ts'

/** What may stand in `${…}`: what steps with a ref answer, and the arguments. Pure. */
export function expressionsFor(document: Record<string, unknown>, root: FlowNode): string[] {
  const refs = allSteps(root).flatMap(({ node }) =>
    node.ref === undefined
      ? []
      : (kindOf(node.kind)?.outputs ?? []).map((field) => `refs.${node.ref}.${field}`),
  )
  const names = Object.keys((document.arguments ?? {}) as object).map((name) => `args.${name}`)
  return [...refs, ...names]
}
