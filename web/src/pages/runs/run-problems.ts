import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { stepOf } from '../../flow/document-text.ts'
import { stepAt } from '../../flow/steps.ts'

type Problem = { field: string; rule: string }

/** Where in the dialog each problem of a run belongs; what belongs to no field is said above the plan. */
export type PlacedProblems = {
  arguments: Record<string, string>
  triggers: Record<string, string>
  releases: Record<string, string>
  others: string[]
}

type Given = { overridden: readonly string[] }

/**
 * Pure. The server names places of the document; the dialog has fields for arguments and overrides. A place that is
 * filled by one argument is that argument's, a place in a step whose release is overridden is the override's.
 */
export function placeProblems(
  problems: readonly Problem[],
  spec: FlowNode,
  { overridden }: Given,
): PlacedProblems {
  const placed: PlacedProblems = { arguments: {}, triggers: {}, releases: {}, others: [] }
  for (const { field, rule } of problems) {
    const [what, name = ''] = field.split('.')
    const target = releaseTargetAt(spec, field)
    const argument = argumentOf(spec, { field, rule })
    if (what === 'arguments') add(placed.arguments, name, rule)
    else if (what === 'releaseNodeOverrides') add(placed.releases, name, rule)
    else if (what === 'overrides') add(placed.triggers, name, rule)
    else if (target !== undefined && overridden.includes(target)) add(placed.releases, target, rule)
    else if (argument !== undefined) add(placed.arguments, argument, rule)
    else placed.others.push(`${field}: ${rule}`)
  }
  return placed
}

function add(to: Record<string, string>, name: string, rule: string): void {
  to[name] ??= rule
}

function releaseTargetAt(spec: FlowNode, field: string): string | undefined {
  const step = stepAt(spec, stepOf(field.split('.').map(keyOf)) ?? 'none')
  return step?.kind === 'Release' ? step.spec.target.id : undefined
}

const keyOf = (key: string): string | number => (/^\d+$/.test(key) ? Number(key) : key)

function argumentOf(spec: FlowNode, { field, rule }: Problem): string | undefined {
  const named = /the argument "([^"]+)"/.exec(rule)?.[1]
  if (named !== undefined) return named
  const value = field
    .split('.')
    .slice(1)
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], spec)
  return typeof value === 'string' ? /^\$\{args\.([\w-]+)\}$/.exec(value)?.[1] : undefined
}
