import { isResourceNode, resourceEntryOf } from '@fairway/contract/nodes/resources/kinds'
import { holdsExpression } from '@fairway/contract/nodes/values'
import type { TemplateDocument } from '@fairway/contract/resources/template'
import { type Problem, parseDocument, problemsOf } from './document.ts'
import type { FlowDocument, FlowNode } from './model.ts'
import { projectNamedAt } from './project-context.ts'
import type { Visited } from './walk.ts'

/** What is known where a template is checked. `projectId`: the project that it belongs to, or null. */
export type TemplateFacts = { template: { projectId: string | null } }

/** Kinds that need no project. */
const ANYWHERE: ReadonlySet<string> = new Set(['Workflow', 'LoopWorkflow', 'LoopData', 'Message', 'Approval'])

/** What a template breaks that has nothing to do with any one of its steps. */
export function checkTemplateParts(document: TemplateDocument, { template }: TemplateFacts): Problem[] {
  const { project, teardownSpec, triggers } = document
  const problems: Problem[] = []
  if (teardownSpec !== undefined)
    problems.push({ path: 'teardownSpec', rule: 'clean-up flows are not known here. Leave it out.' })
  if ((triggers ?? []).length > 0)
    problems.push({
      path: 'triggers',
      rule: 'a template is started by hand, by the API or by autorun. Leave them out.',
    })
  if (template.projectId === null || project === undefined) return problems
  const { id } = project as { id?: string }
  if ('spec' in project || (id !== undefined && id !== template.projectId))
    problems.push({
      path: 'project',
      rule: `this template belongs to project "${template.projectId}" and works in it. Leave project out.`,
    })
  return problems
}

/** Whether a step of a template may stand where it does, and whether what it makes can be made. */
export function checkTemplateStep(
  document: FlowDocument,
  { node, at, path }: Visited,
  facts: TemplateFacts,
): Problem[] {
  return [...checkPlace(document, { node, at, path }, facts), ...checkResource(node, node.spec, at)]
}

function checkPlace(
  document: FlowDocument,
  { node, at, path }: Pick<Visited, 'node' | 'at' | 'path'>,
  { template }: TemplateFacts,
): Problem[] {
  const own = template.projectId
  const scope = resourceEntryOf(node.kind)?.scope
  if (scope === 'team')
    return own === null
      ? []
      : [
          {
            path: `${at}.kind`,
            rule: `a ${node.kind} belongs to the team: make this a template of the team.`,
          },
        ]
  const named = projectNamedAt(document, path)
  if (named === undefined)
    return own !== null || ANYWHERE.has(node.kind)
      ? []
      : [
          {
            path: at,
            rule: 'works in no project: give the document a project, or name one in context.projectId of a workflow around it.',
          },
        ]
  if (own === null || holdsExpression(named.projectId) || named.projectId === own) return []
  return [{ path: named.at, rule: `a template of project "${own}" works in that project only.` }]
}

/** The body of a resource, as far as it is written out; what expressions give is checked when the step runs. */
export function checkResource(node: FlowNode, spec: unknown, at: string): Problem[] {
  if (!isResourceNode(node)) return []
  const { projectId: _, ...body } = spec as Record<string, unknown>
  if (node.updateMode === 'patch')
    return typeof body.name === 'string'
      ? []
      : [{ path: `${at}.spec.name`, rule: 'is missing: say what to patch.' }]
  const resource = { ...node, spec: body } as FlowNode
  return [...bodyProblems(resource, `${at}.spec`), ...flowProblems(resource, `${at}.spec`)]
}

function bodyProblems(node: Pick<FlowNode, 'kind' | 'spec'>, at: string): Problem[] {
  const parsed = resourceEntryOf(node.kind)?.body.safeParse(node.spec, { reportInput: true })
  if (parsed === undefined || parsed.success || parsed.error === undefined) return []
  return problemsOf(parsed.error, '').flatMap(({ path, rule }) =>
    holdsAny(valueAt(node.spec, path)) ? [] : [{ path: path === '' ? at : `${at}.${path}`, rule }],
  )
}

/** Flows inside a pipeline are read as flows are; what they address is known once the pipeline is there. */
function flowProblems(node: FlowNode, at: string): Problem[] {
  if (node.kind !== 'Pipeline' || !Array.isArray(node.spec.stages)) return []
  return node.spec.stages.flatMap((stage, index) => {
    const flow = valueAt(stage, 'releaseFlow.spec')
    if (flow === undefined || holdsParent(flow)) return []
    const read = parseDocument(withoutEmptyLink(flow))
    const where = `${at}.stages.${index}.releaseFlow.spec`
    return read.ok ? [] : read.problems.map(({ path, rule }) => ({ path: `${where}.${path}`, rule }))
  })
}

function withoutEmptyLink(flow: unknown): unknown {
  const { gitops, ...rest } = flow as { gitops?: object }
  return gitops !== undefined && gitops !== null && Object.keys(gitops).length === 0 ? rest : flow
}

const holdsParent = (flow: unknown): boolean => JSON.stringify(flow).includes('${template.')

function valueAt(value: unknown, path: string): unknown {
  let found = value
  for (const key of path === '' ? [] : path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found
}

/** Whether an expression stands in a value: then only the run can judge it. */
function holdsAny(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(holdsAny)
  return holdsExpression(value)
}

export const isTemplateFacts = (facts: object): facts is TemplateFacts => 'template' in facts
