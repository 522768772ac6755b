import { z } from 'zod'

/**
 * The building blocks of node specs, in two readings of one schema. As *written* in a document, any number,
 * boolean, choice or list may be a `${...}` expression instead. As *resolved* before a node runs, none may, and text
 * that looks like the wanted type is taken as it: `"5"` is a number, `"true"` a boolean.
 *
 * `W` is what a value may be besides itself: `string` when written, `never` when resolved.
 */
export type Values<W> = {
  /** `min` 0: may be empty. */
  text(max?: number, min?: 0 | 1): z.ZodType<string>
  matching(pattern: RegExp, rule: string): z.ZodType<string>
  integer(min: number, max: number): z.ZodType<number | W>
  boolean(): z.ZodType<boolean | W>
  oneOf<const T extends string>(...choices: [T, ...T[]]): z.ZodType<T | W>
  list<T>(item: z.ZodType<T>, max?: number): z.ZodType<T[] | W>
}

const EXPRESSION = /\$\{[\s\S]*\}/
const MAX_TEXT = 20_000
const MAX_LIST = 500

/** Whether a value is resolved only when the node runs. */
export const holdsExpression = (value: unknown): value is string =>
  typeof value === 'string' && EXPRESSION.test(value)

/** `rule` says what it must be when it is neither. */
export const orExpression = <T>(schema: z.ZodType<T>, rule: string): z.ZodType<T | string> => {
  const error = `must be ${rule}, or an expression such as \${args.NAME}`
  return z.union([schema, z.string().max(MAX_TEXT).regex(EXPRESSION, error)], { error })
}

const oneOfRule = (choices: readonly string[]): string => `one of ${choices.join(', ')}`
const integerRule = (min: number, max: number): string => `a whole number from ${min} to ${max}`

const choice = <T extends string>(choices: readonly [T, ...T[]]) =>
  z.enum(choices, { error: `must be ${oneOfRule(choices)}` })

const integer = (min: number, max: number) => {
  const error = `must be ${integerRule(min, max)}`
  return z.int({ error }).min(min, error).max(max, error)
}

const plainText = (max: number, min: 0 | 1) => z.string().min(min, 'must not be empty').max(max)

export const written: Values<string> = {
  text: (max = MAX_TEXT, min = 1) => plainText(max, min),
  matching: (pattern, rule) =>
    z.string().refine((value) => holdsExpression(value) || pattern.test(value), { error: rule }),
  integer: (min, max) => orExpression(integer(min, max), integerRule(min, max)),
  boolean: () => orExpression(z.boolean(), 'true or false'),
  oneOf: (...choices) => orExpression(choice(choices), oneOfRule(choices)),
  list: (item, max = MAX_LIST) => orExpression(z.array(item).max(max), 'a list'),
}

const asText = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value

const asNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value

const asBoolean = (value: unknown): unknown => {
  if (value === 'true') return true
  return value === 'false' ? false : value
}

export const resolved: Values<never> = {
  text: (max = MAX_TEXT, min = 1) => z.preprocess(asText, plainText(max, min)),
  matching: (pattern, rule) => z.preprocess(asText, z.string().regex(pattern, rule)),
  integer: (min, max) => z.preprocess(asNumber, integer(min, max)),
  boolean: () => z.preprocess(asBoolean, z.boolean({ error: 'must be true or false' })),
  oneOf: (...choices) => z.preprocess(asText, choice(choices)),
  list: (item, max = MAX_LIST) => z.array(item).max(max),
}

/** Environment variables, build arguments: a name to a text, which may be empty. */
export const variables = <W>(values: Values<W>) =>
  z.record(z.string().min(1).max(200), values.text(MAX_TEXT, 0))

/** Files by their absolute path: `{data, encoding}`, as Northflank writes them. */
export const files = <W>(values: Values<W>) =>
  z.record(
    z.string().min(1).max(500),
    z.strictObject({
      data: values.text(1_000_000, 0),
      encoding: values.text(20).optional(),
    }),
  )
