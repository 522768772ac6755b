import { addressKey, type FlowAddress, parseTemplateId } from '@fairway/contract/nodes/run-template'
import { holdsExpression } from '@fairway/contract/nodes/values'
import type { Problem } from './document.ts'
import type { FlowDocument } from './model.ts'
import { nodesOf, type Visited } from './walk.ts'

/** Documents of other flows, by `addressKey`. */
export type Flows = ReadonlyMap<string, FlowDocument>

type Starts = { at: string; address: FlowAddress }

/** Steps that start other flows: whether those exist, and whether the chain comes back to where it began. */
export function checkTemplates(
  nodes: readonly Visited[],
  self: FlowAddress,
  flows: Flows | undefined,
): Problem[] {
  const problems = nodes.flatMap((visited) => formProblems(visited, self))
  if (flows === undefined) return problems
  const broken = startsOf(nodes, self).flatMap(({ at, address }) => {
    const rule = ruleFor(address, self, flows)
    return rule === undefined ? [] : [{ path: `${at}.spec.templateId`, rule }]
  })
  return [...problems, ...broken]
}

function formProblems({ node, at }: Visited, self: FlowAddress): Problem[] {
  if (node.kind !== 'RunTemplate') return []
  const { templateType, templateId } = node.spec
  if (!holdsExpression(templateType) && templateType !== 'release-flow-template')
    return [{ path: `${at}.spec.templateType`, rule: 'only release-flow-template can be run here.' }]
  if (holdsExpression(templateId)) return []
  const address = parseTemplateId(templateId, self)
  const path = `${at}.spec.templateId`
  if (address === undefined)
    return [
      {
        path,
        rule: 'must be a stage, pipelineId:stage or projectId/pipelineId:stage, such as shop:Staging.',
      },
    ]
  if (address.projectId !== self.projectId)
    return [{ path, rule: `names project "${address.projectId}"; only flows of this project can be run.` }]
  return []
}

function startsOf(nodes: readonly Visited[], self: FlowAddress): Starts[] {
  return nodes.flatMap(({ node, at }) => {
    if (node.kind !== 'RunTemplate' || holdsExpression(node.spec.templateId)) return []
    const address = parseTemplateId(node.spec.templateId, self)
    return address === undefined || address.projectId !== self.projectId ? [] : [{ at, address }]
  })
}

function ruleFor(address: FlowAddress, self: FlowAddress, flows: Flows): string | undefined {
  const key = addressKey(address)
  if (key !== addressKey(self) && !flows.has(key))
    return `there is no release flow "${address.pipelineId}:${address.stage}". Create it, or name another one.`
  const chain = wayBack(address, addressKey(self), flows)
  return chain === undefined
    ? undefined
    : `would start this flow again: ${chain.join(' → ')}. Break the circle.`
}

/** The flows from `start` to `goal`, when following RunTemplate steps leads there. */
function wayBack(start: FlowAddress, goal: string, flows: Flows): string[] | undefined {
  const seen = new Set<string>()
  const follow = (address: FlowAddress): string[] | undefined => {
    const key = addressKey(address)
    const name = `${address.pipelineId}:${address.stage}`
    if (key === goal) return [name]
    const document = flows.get(key)
    if (document === undefined || seen.has(key)) return undefined
    seen.add(key)
    for (const next of startsOf(nodesOf(document), address)) {
      const rest = follow(next.address)
      if (rest !== undefined) return [name, ...rest]
    }
    return undefined
  }
  return follow(start)
}
