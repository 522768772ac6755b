import { isResourceNode } from '@fairway/contract/nodes/resources/kinds'
import { scheduleProblem } from '../operations/jobs/check-schedule.ts'
import { checkReferences } from './check-references.ts'
import { checkResource, checkTemplateStep, isTemplateFacts, type TemplateFacts } from './check-resources.ts'
import { checkTargets, type StageFacts } from './check-targets.ts'
import { checkTemplates, type Flows } from './check-templates.ts'
import { MAX_DEPTH, type Problem } from './document.ts'
import type { Scope } from './expression.ts'
import { readPath } from './functions/read-path.ts'
import type { FlowDocument } from './model.ts'
import { resolveNode } from './resolve-node.ts'
import { type RunValues, scopeAt } from './scope.ts'
import { dependsOnRun, usesOf } from './uses.ts'
import { nodesOf, type Visited } from './walk.ts'

export const MAX_NODES = 1000

export type CheckOptions = {
  /** The other flows that `RunTemplate` may name, by `addressKey`. Left out: such steps are not followed. */
  flows?: Flows
  /** What a run would be given. Left out (when a document is saved): arguments may still be missing. */
  values?: RunValues
}

/**
 * Everything that can be known to be wrong with a document before any of it runs: refs, references, functions,
 * arguments, targets, templates and limits. Values that hold expressions are checked as far as they can be resolved
 * already. Each problem says where, and what to do.
 */
export function checkDocument(
  document: FlowDocument,
  facts: StageFacts | TemplateFacts,
  options: CheckOptions = {},
): Problem[] {
  const nodes = nodesOf(document)
  const limits = checkLimits(nodes)
  if (limits.length > 0) return limits
  const problems = [
    ...checkRefs(document, nodes),
    ...nodes.flatMap(checkPlace),
    ...checkReferences(document, nodes),
    ...checkSchedules(document),
    ...checkOwner(document, nodes, facts, options),
    ...nodes.flatMap((visited) => checkNode(document, visited, facts, options.values)),
  ]
  return withoutRepeats(problems)
}

/** What a flow may do and a template may not, and the other way round. */
function checkOwner(
  document: FlowDocument,
  nodes: readonly Visited[],
  facts: StageFacts | TemplateFacts,
  { flows }: CheckOptions,
): Problem[] {
  if (isTemplateFacts(facts)) return nodes.flatMap((visited) => checkTemplateStep(document, visited, facts))
  const resources = nodes.flatMap(({ node, at }) => {
    if (!isResourceNode(node)) return []
    const rule = `a ${node.kind} is made by templates. A release flow only releases to what is there.`
    return [{ path: `${at}.kind`, rule }]
  })
  return [...resources, ...checkTemplates(nodes, facts.address, flows)]
}

function checkLimits(nodes: readonly Visited[]): Problem[] {
  const problems: Problem[] = []
  if (nodes.length > MAX_NODES)
    problems.push({
      path: 'spec',
      rule: `holds ${nodes.length} steps; at most ${MAX_NODES} are allowed. Move some into another flow.`,
    })
  const deep = nodes.find(({ depth }) => depth > MAX_DEPTH)
  if (deep !== undefined)
    problems.push({
      path: deep.at,
      rule: `is nested more than ${MAX_DEPTH} deep. Flatten the workflows around it.`,
    })
  return problems
}

function checkRefs(document: FlowDocument, nodes: readonly Visited[]): Problem[] {
  const seen = new Map<string, string>()
  const named = [
    ...(document.triggers ?? []).map(({ ref }, index) => ({ ref, at: `triggers.${index}` })),
    ...nodes.map(({ node, at }) => ({ ref: node.ref, at })),
  ]
  return named.flatMap(({ ref, at }) => {
    if (ref === undefined) return []
    const first = seen.get(ref)
    if (first !== undefined)
      return [{ path: `${at}.ref`, rule: `"${ref}" is already the ref of ${first}. Give each its own.` }]
    seen.set(ref, at)
    return []
  })
}

function checkSchedules({ triggers }: FlowDocument): Problem[] {
  return (triggers ?? []).flatMap((trigger, index) => {
    const rule = trigger.kind === 'cron' ? scheduleProblem(trigger.spec.cron) : undefined
    return rule === undefined ? [] : [{ path: `triggers.${index}.spec.cron`, rule: `${rule}.` }]
  })
}

function checkPlace({ node, at, inLoop }: Visited): Problem[] {
  if (node.kind !== 'LoopData' || inLoop) return []
  return [
    { path: `${at}.kind`, rule: 'LoopData has a meaning only inside a LoopWorkflow. Move or remove it.' },
  ]
}

/** The node's spec against the stage: resolved as it would be in this run, when that is known already. */
function checkNode(
  document: FlowDocument,
  visited: Visited,
  facts: StageFacts | TemplateFacts,
  values: RunValues | undefined,
): Problem[] {
  const { node, path, at } = visited
  const targets = (spec: unknown): Problem[] =>
    isTemplateFacts(facts)
      ? checkResource(node, spec, at)
      : checkTargets({ kind: node.kind, spec }, `${at}.spec`, facts)
  if (values === undefined) return targets(node.spec)
  const scope = scopeAt(document, new Map(), path, values)
  const missing = checkValues(document, visited, scope, values)
  if (missing.length > 0 || dependsOnRun(node, triggerRefs(document)))
    return [...missing, ...targets(node.spec)]
  const resolved = resolveNode(document, node, path, scope)
  if (resolved.is === 'invalid') return resolved.problems
  return resolved.is === 'skip' ? [] : [...targets(resolved.spec), ...targets(node.spec)]
}

/** Arguments and trigger values that the run does not give. */
function checkValues(document: FlowDocument, visited: Visited, scope: Scope, values: RunValues): Problem[] {
  const triggers = triggerRefs(document)
  return usesOf(visited.node, visited.at).flatMap((use) => {
    if (use.is !== 'path' || use.inside) return []
    const rule =
      use.root === 'args' ? argumentRule(document, use, scope, values) : triggerRule(use, scope, triggers)
    return rule === undefined ? [] : [{ path: use.at, rule }]
  })
}

type PathUse = Extract<ReturnType<typeof usesOf>[number], { is: 'path' }>

function argumentRule(
  document: FlowDocument,
  use: PathUse,
  scope: Scope,
  values: RunValues,
): string | undefined {
  const [name = '', ...rest] = use.keys
  if (readPath(scope.args, use.keys) === undefined)
    return rest.length === 0
      ? `the argument "${name}" has no value. Give it one in the run, or a default in the document.`
      : `the argument "${name}" has no field "${rest.join('.')}".`
  // By convention an empty default asks the run for a value; an empty value that a run gives is meant.
  const isDefault =
    !Object.hasOwn(values.arguments, name) && !Object.hasOwn(document.argumentOverrides ?? {}, name)
  return isDefault && scope.args[name] === ''
    ? `the argument "${name}" must be given a value by the run.`
    : undefined
}

function triggerRule(use: PathUse, scope: Scope, triggers: ReadonlySet<string>): string | undefined {
  const [ref = '', ...rest] = use.keys
  if (use.root !== 'refs' || !triggers.has(ref) || readPath(scope.ref(ref), rest) !== undefined)
    return undefined
  return `the trigger "${ref}" did not give "${rest.join('.')}". Start the run by it, or give it in overrides.`
}

const triggerRefs = (document: FlowDocument): ReadonlySet<string> =>
  new Set((document.triggers ?? []).flatMap(({ ref }) => ref ?? []))

function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>()
  return problems.filter(({ path, rule }) => {
    const key = `${path}\n${rule}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
