import type { Problem } from './document.ts'
import { arityProblem, functionNamed } from './functions/table.ts'
import type { FlowDocument } from './model.ts'
import { type Use, usesOf } from './uses.ts'
import type { Visited } from './walk.ts'

type Declared = {
  byRef: ReadonlyMap<string, Visited>
  byPath: ReadonlyMap<string, Visited>
  triggers: ReadonlySet<string>
}

/** Expressions that cannot be read, functions that do not exist, and references that can never resolve. */
export function checkReferences(document: FlowDocument, nodes: readonly Visited[]): Problem[] {
  const declared: Declared = {
    byRef: new Map(
      nodes.flatMap((visited) => (visited.node.ref === undefined ? [] : [[visited.node.ref, visited]])),
    ),
    byPath: new Map(nodes.map((visited) => [visited.path, visited])),
    triggers: new Set((document.triggers ?? []).flatMap(({ ref }) => ref ?? [])),
  }
  return nodes.flatMap((visited) =>
    usesOf(visited.node, visited.at).flatMap((use) => {
      const rule = ruleFor(use, visited, declared)
      return rule === undefined ? [] : [{ path: use.at, rule }]
    }),
  )
}

function ruleFor(use: Use, reader: Visited, declared: Declared): string | undefined {
  switch (use.is) {
    case 'broken':
      return use.rule
    case 'function':
      return functionNamed(use.name) === undefined ? unknownFunction(use.name) : undefined
    case 'call':
      return callRule(use)
    case 'path':
      // Inside a function, what is missing counts as false.
      return use.inside ? undefined : pathRule(use, reader, declared)
  }
}

const unknownFunction = (name: string): string =>
  `there is no function fn.${name}. See the reference of functions.`

function callRule(use: Extract<Use, { is: 'call' }>): string | undefined {
  const entry = functionNamed(use.name)
  if (entry === undefined) return unknownFunction(use.name)
  const problem = arityProblem(entry, use.count)
  return problem === undefined ? undefined : `"${use.text}": ${problem}.`
}

function pathRule(
  use: Extract<Use, { is: 'path' }>,
  reader: Visited,
  declared: Declared,
): string | undefined {
  switch (use.root) {
    case 'args':
      return undefined
    case 'secrets':
      return `"\${${use.text}}" is not available here: use \${fn.fetchSecret(group, key)}, or \${{${use.text}}} for the running container.`
    case 'loop':
      return reader.inLoop || reader.node.kind === 'LoopWorkflow'
        ? undefined
        : `"\${${use.text}}" has a value only inside a LoopWorkflow.`
    case 'refs':
      return refRule(use.keys[0] ?? '', reader, declared)
  }
}

function refRule(ref: string, reader: Visited, declared: Declared): string | undefined {
  if (declared.triggers.has(ref)) return undefined
  const source = declared.byRef.get(ref)
  if (source === undefined) {
    const known = [...declared.triggers, ...declared.byRef.keys()]
    return `no step or trigger has the ref "${ref}". ${known.length === 0 ? 'Give a step that ref.' : `Known: ${known.join(', ')}.`}`
  }
  return placeRule(ref, source, reader, declared)
}

/** Whether the source is over by the time that the reader begins. Decided where their ways part. */
function placeRule(ref: string, source: Visited, reader: Visited, declared: Declared): string | undefined {
  if (source.path === reader.path) return `"${ref}" is this step itself. Refer to an earlier step.`
  if (reader.path.startsWith(`${source.path}.`)) return `"${ref}" holds this step, so it has not ended yet.`
  const [from, to] = [source.path.split('.'), reader.path.split('.')]
  const parting = from.findIndex((index, level) => index !== to[level])
  const container = declared.byPath.get(from.slice(0, parting).join('.'))
  if (container?.node.kind === 'Workflow' && container.node.spec.type === 'parallel')
    return `"${ref}" runs in parallel to this step. Put it before, in a sequential workflow.`
  if (Number(from[parting]) > Number(to[parting])) return `"${ref}" comes later. Refer to an earlier step.`
  const loop = loopAround(from, parting, declared)
  return loop === undefined ? undefined : `"${ref}" is inside a loop, and is seen only in the same iteration.`
}

function loopAround(from: readonly string[], parting: number, declared: Declared): Visited | undefined {
  for (let level = parting + 1; level < from.length; level += 1) {
    const around = declared.byPath.get(from.slice(0, level).join('.'))
    if (around?.node.kind === 'LoopWorkflow') return around
  }
  return undefined
}
