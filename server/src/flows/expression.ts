import {
  type Expression,
  ExpressionSyntaxError,
  mayHoldExpression,
  type PathRoot,
  type Piece,
  parseTemplate,
} from './expression-parser.ts'
import {
  FunctionArgumentError,
  type FunctionContext,
  FunctionValue,
  MAX_RESULT_TEXT,
} from './functions/function.ts'
import { readPath } from './functions/read-path.ts'
import { arityProblem, functionNamed } from './functions/table.ts'

/** What expressions read. Everything is given: evaluating knows no clock, no chance and no database. */
export type Scope = {
  /** What the node of that ref answered. Undefined: it has not answered, or there is none. */
  ref(name: string): unknown
  args: Readonly<Record<string, unknown>>
  /** The iteration that the node stands in. */
  loop?: { item: unknown; index: number } | undefined
  now: Date
  /** Bytes that depend only on `place` (and the run, unless `sticky`). */
  random(request: { bytes: number; place: string; sticky: boolean }): Uint8Array
  fetchSecret(group: string, key: string): string | undefined
  /** The document is nested in a template: `${template...}` stays as it is. */
  nested?: boolean
}

/** A value that cannot be resolved: where it stands, and the rule that says what to do. */
export type ValueProblem = { path: string; rule: string }

class Unresolvable extends Error {}

/**
 * Resolves every `${...}` in a JSON value. A text that is exactly one expression becomes what the expression gives,
 * with its type; in a longer text the result is written as text. `at` is the path of the value, for problems and for
 * `randomSecret`. Problems are collected, never thrown.
 */
export function resolveValue(
  value: unknown,
  at: string,
  scope: Scope,
): { value: unknown; problems: ValueProblem[] } {
  const problems: ValueProblem[] = []
  return { value: walk(value, at, scope, problems), problems }
}

function walk(value: unknown, at: string, scope: Scope, problems: ValueProblem[]): unknown {
  if (typeof value === 'string') return resolveText(value, at, scope, problems)
  if (Array.isArray(value)) return value.map((item, index) => walk(item, `${at}.${index}`, scope, problems))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    walk(item, `${at}.${key}`, scope, problems),
  ])
  return Object.fromEntries(entries)
}

function resolveText(text: string, at: string, scope: Scope, problems: ValueProblem[]): unknown {
  if (!mayHoldExpression(text)) return text
  try {
    const pieces = parseTemplate(text)
    const evaluator = new Evaluator(scope, at)
    const [only] = pieces
    if (pieces.length === 1 && typeof only === 'object' && 'expression' in only)
      return evaluator.top(only.expression)
    return bounded(pieces.map((piece) => asText(valueOfPiece(piece, evaluator, scope))).join(''))
  } catch (error) {
    problems.push({ path: at, rule: ruleOf(error) })
    return text
  }
}

/** Only errors of the expression itself are problems of the document; anything else is a bug and goes up. */
function ruleOf(error: unknown): string {
  if (error instanceof Unresolvable || error instanceof ExpressionSyntaxError) return error.message
  throw error
}

function valueOfPiece(piece: Piece, evaluator: Evaluator, scope: Scope): unknown {
  if (typeof piece === 'string') return piece
  if ('expression' in piece) return evaluator.top(piece.expression)
  if (scope.nested) return piece.parent
  throw new Unresolvable(`"${piece.parent}" has no meaning here: this document is not part of a template.`)
}

function bounded(text: string): string {
  if (text.length > MAX_RESULT_TEXT)
    throw new Unresolvable(`comes to more than ${MAX_RESULT_TEXT} characters. Shorten what it refers to.`)
  return text
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value)
}

class Evaluator {
  private readonly scope: Scope
  private readonly at: string
  private randoms = 0
  private readonly context: FunctionContext

  constructor(scope: Scope, at: string) {
    this.scope = scope
    this.at = at
    this.context = {
      now: scope.now,
      random: ({ bytes, sticky }) => this.random(bytes, sticky),
      fetchSecret: (group, key) => scope.fetchSecret(group, key),
      call: (name, args) => this.apply(name, args, name),
    }
  }

  /** At top level everything must resolve. */
  top(expression: Expression): unknown {
    const value = this.value(expression)
    if (value === undefined) throw new Unresolvable(this.unresolved(expression))
    if (value instanceof FunctionValue)
      throw new Unresolvable(`"${textOf(expression)}" gives a function, not a value.`)
    return value
  }

  private value(expression: Expression): unknown {
    switch (expression.is) {
      case 'literal':
        return expression.value
      case 'function':
        return new FunctionValue(expression.name)
      case 'path':
        return this.path(expression.root, expression.keys)
      case 'call':
        return this.call(expression)
    }
  }

  private path(root: PathRoot, keys: readonly string[]): unknown {
    const [name, ...rest] = keys
    switch (root) {
      case 'refs':
        return name === undefined ? undefined : readPath(this.scope.ref(name), rest)
      case 'args':
        return readPath(this.scope.args, keys)
      case 'loop':
        return readPath(this.scope.loop, keys)
      case 'secrets':
        return undefined
    }
  }

  private call(expression: Extract<Expression, { is: 'call' }>): unknown {
    const entry = functionNamed(expression.name)
    const problem = entry && arityProblem(entry, expression.args.length)
    if (problem !== undefined) throw new Unresolvable(`"${expression.text}": ${problem}.`)
    // What does not resolve counts as false inside a function.
    const args = expression.args.map((arg) => () => orFalse(this.value(arg)))
    const result =
      entry?.lazy === undefined
        ? this.apply(
            expression.name,
            args.map((arg) => arg()),
            expression.text,
          )
        : entry.lazy(args)
    return expression.keys.length === 0 ? result : readPath(result, expression.keys)
  }

  private apply(name: string, args: readonly unknown[], text: string): unknown {
    const entry = functionNamed(name)
    if (entry === undefined) throw new Unresolvable(`"${text}": there is no function fn.${name}.`)
    const problem = arityProblem(entry, args.length)
    if (problem !== undefined) throw new Unresolvable(`"${text}": ${problem}.`)
    try {
      return entry.run(args, this.context)
    } catch (error) {
      if (error instanceof FunctionArgumentError)
        throw new Unresolvable(`"${text}": fn.${name} ${error.message}.`, { cause: error })
      throw error
    }
  }

  private random(bytes: number, sticky: boolean): Uint8Array {
    this.randoms += 1
    return this.scope.random({ bytes, sticky, place: `${this.at}#${this.randoms}` })
  }

  private unresolved(expression: Expression): string {
    const text = `"\${${textOf(expression)}}"`
    if (expression.is !== 'path') return `${text} gives nothing.`
    return `${text} does not resolve: ${reasons[expression.root]}`
  }
}

/** What does not resolve is false; a null that was read or written stays null. */
const orFalse = (value: unknown): unknown => (value === undefined ? false : value)

const reasons: Record<PathRoot, string> = {
  refs: 'no earlier step of that ref answered with that field.',
  args: 'give the argument a value in the document or in the run.',
  loop: 'it has a value only inside a loop, and only fields that the item has.',
  secrets: 'use ${fn.fetchSecret(group, key)}, or ${{secrets...}} for the running container.',
}

const textOf = (expression: Expression): string =>
  expression.is === 'path' || expression.is === 'call' ? expression.text : 'it'
