import type { FlowNode } from '@fairway/contract/nodes/kinds'
import {
  type Expression,
  ExpressionSyntaxError,
  mayHoldExpression,
  type PathRoot,
  parseTemplate,
} from './expression-parser.ts'
import { ownSpec } from './walk.ts'

/** One thing that an expression uses. `inside`: as an argument of a function, where missing counts as false. */
export type Use = { at: string; inside: boolean } & (
  | { is: 'path'; root: PathRoot; keys: readonly string[]; text: string }
  | { is: 'call'; name: string; count: number; text: string }
  | { is: 'function'; name: string }
  | { is: 'broken'; rule: string }
)

/** What the expressions of a node itself use: its spec without the steps that it holds, its skip and its time. */
export function usesOf(node: FlowNode, at: string): Use[] {
  const uses: Use[] = []
  collect(node.skipNodeExecution, `${at}.skipNodeExecution`, uses)
  collect(node.timeoutDuration, `${at}.timeoutDuration`, uses)
  collect(ownSpec(node), `${at}.spec`, uses)
  return uses
}

/** Whether the node can be resolved only while the run goes on: it reads other steps or the item of a loop. */
export const dependsOnRun = (node: FlowNode, triggers: ReadonlySet<string>): boolean =>
  usesOf(node, '').some((use) => {
    if (use.is === 'broken') return true
    if (use.is !== 'path') return false
    return use.root === 'loop' || (use.root === 'refs' && !triggers.has(use.keys[0] ?? ''))
  })

function collect(value: unknown, at: string, uses: Use[]): void {
  if (typeof value === 'string') fromText(value, at, uses)
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) collect(item, `${at}.${key}`, uses)
}

function fromText(text: string, at: string, uses: Use[]): void {
  if (!mayHoldExpression(text)) return
  try {
    for (const piece of parseTemplate(text))
      if (typeof piece === 'object' && 'expression' in piece)
        fromExpression(piece.expression, { at, inside: false }, uses)
  } catch (error) {
    if (!(error instanceof ExpressionSyntaxError)) throw error
    uses.push({ at, inside: false, is: 'broken', rule: error.message })
  }
}

function fromExpression(expression: Expression, where: { at: string; inside: boolean }, uses: Use[]): void {
  switch (expression.is) {
    case 'literal':
      return
    case 'path':
      uses.push({ ...where, ...expression })
      return
    case 'function':
      uses.push({ ...where, ...expression })
      return
    case 'call':
      uses.push({
        ...where,
        is: 'call',
        name: expression.name,
        count: expression.args.length,
        text: expression.text,
      })
      for (const arg of expression.args) fromExpression(arg, { ...where, inside: true }, uses)
  }
}
