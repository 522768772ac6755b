/** What a function may use besides its arguments. Injected, so that a retry of a step gets the same values. */
export type FunctionContext = {
  now: Date
  /** `bytes` random bytes that stay the same for this place of this run; `sticky`: for this flow, in every run. */
  random(request: { bytes: number; sticky: boolean }): Uint8Array
  /** A value of a secret group. Undefined: there is none. */
  fetchSecret(group: string, key: string): string | undefined
  /** Calls another function of the table, for those that take one. */
  call(name: string, args: readonly unknown[]): unknown
}

export type FunctionGroup = 'Text' | 'Logic' | 'Maths' | 'Objects' | 'Arrays' | 'Values'

export type FlowFunction = {
  name: string
  group: FunctionGroup
  /** The arguments as they are shown; a trailing `?` marks what may be left out, `...` what may repeat. */
  signature: string
  minArgs: number
  maxArgs: number
  doc: string
  /** Expressions and what they give; the reference shows them and a test evaluates them. */
  examples: readonly (readonly [call: string, gives: unknown])[]
  run(args: readonly unknown[], context: FunctionContext): unknown
  /** Takes its arguments unevaluated and asks only for those that it needs. Replaces `run`. */
  lazy?(args: readonly (() => unknown)[]): unknown
}

/** A function handed to another function: `fn.gt`. */
export class FunctionValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** The arguments do not suit. The message is a rule such as "needs a number as argument 2". */
export class FunctionArgumentError extends Error {
  override readonly name = 'FunctionArgumentError'
}

export const MAX_RESULT_TEXT = 200_000
export const MAX_RESULT_ITEMS = 10_000

const wrong = (index: number, what: string): FunctionArgumentError =>
  new FunctionArgumentError(`needs ${what} as argument ${index + 1}`)

export function textAt(args: readonly unknown[], index: number): string {
  const value = args[index]
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw wrong(index, 'a text')
}

/** A number, or a text that is one: arguments of a run are often texts. */
export function numberAt(args: readonly unknown[], index: number): number {
  const value = asNumber(args[index])
  if (value === undefined) throw wrong(index, 'a number')
  return value
}

export function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  return undefined
}

export function integerAt(args: readonly unknown[], index: number): number {
  const value = numberAt(args, index)
  if (!Number.isSafeInteger(value)) throw wrong(index, 'a whole number')
  return value
}

export function arrayAt(args: readonly unknown[], index: number): readonly unknown[] {
  const value = args[index]
  if (!Array.isArray(value)) throw wrong(index, 'an array')
  return value
}

export function objectAt(args: readonly unknown[], index: number): Readonly<Record<string, unknown>> {
  const value = args[index]
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof FunctionValue)
    throw wrong(index, 'an object')
  return value as Record<string, unknown>
}

/** false, null, 0, "", "false" and what is missing are false: arguments of a run are often texts. */
export const isTrue = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== 0 && value !== '' && value !== 'false'

/** Refuses texts that grew without bound. */
export function boundedText(text: string): string {
  return text.length > MAX_RESULT_TEXT ? tooLong() : text
}

export function tooLong(): never {
  throw new FunctionArgumentError(`would give more than ${MAX_RESULT_TEXT} characters`)
}

export function bounded<T>(items: T[]): T[] {
  if (items.length > MAX_RESULT_ITEMS)
    throw new FunctionArgumentError(`would give more than ${MAX_RESULT_ITEMS} items`)
  return items
}
