import { asNumber, type FlowFunction, FunctionArgumentError, isTrue } from './function.ts'

const fromLazy = (
  lazy: (args: readonly (() => unknown)[]) => unknown,
): Pick<FlowFunction, 'run' | 'lazy'> => ({
  lazy,
  run: (args) => lazy(args.map((value) => () => value)),
})

const ANY = 50

export const logicFunctions: readonly FlowFunction[] = [
  {
    name: 'not',
    group: 'Logic',
    signature: 'value',
    minArgs: 1,
    maxArgs: 1,
    doc: 'True when the value is false. False are: false, null, 0, "", "false" and anything missing.',
    examples: [
      ['fn.not(false)', true],
      ['fn.not(args.MISSING)', true],
    ],
    run: (args) => !isTrue(args[0]),
  },
  {
    name: 'and',
    group: 'Logic',
    signature: 'value, value, ...',
    minArgs: 1,
    maxArgs: ANY,
    doc: 'True when all values are.',
    examples: [["fn.and(true, 'yes')", true]],
    ...fromLazy((args) => args.every((value) => isTrue(value()))),
  },
  {
    name: 'or',
    group: 'Logic',
    signature: 'value, value, ...',
    minArgs: 1,
    maxArgs: ANY,
    doc: 'True when one value is.',
    examples: [['fn.or(false, 1)', true]],
    ...fromLazy((args) => args.some((value) => isTrue(value()))),
  },
  {
    name: 'if',
    group: 'Logic',
    signature: 'condition, then, else?',
    minArgs: 2,
    maxArgs: 3,
    doc: 'The second value when the first is true, else the third (false when left out). The other is not evaluated.',
    examples: [
      ["fn.if(true, 'a', 'b')", 'a'],
      ["fn.if(args.BRANCH, args.BRANCH, 'main')", 'main'],
    ],
    ...fromLazy(([condition, then, otherwise]) =>
      isTrue(condition?.()) ? then?.() : otherwise === undefined ? false : otherwise(),
    ),
  },
  {
    name: 'eq',
    group: 'Logic',
    signature: 'a, b',
    minArgs: 2,
    maxArgs: 2,
    doc: 'Whether both are equal. A number equals its text, true equals "true"; arrays and objects are compared by content.',
    examples: [
      ["fn.eq('main', 'main')", true],
      ["fn.eq('5', 5)", true],
    ],
    run: (args) => areEqual(args[0], args[1]),
  },
  {
    name: 'neq',
    group: 'Logic',
    signature: 'a, b',
    minArgs: 2,
    maxArgs: 2,
    doc: 'Whether both differ. The opposite of eq.',
    examples: [["fn.neq('main', 'dev')", true]],
    run: (args) => !areEqual(args[0], args[1]),
  },
  {
    name: 'gt',
    group: 'Logic',
    signature: 'a, b',
    minArgs: 2,
    maxArgs: 2,
    doc: 'Whether a is greater than b: two numbers by size, two texts by the alphabet.',
    examples: [['fn.gt(10, 9)', true]],
    run: (args) => compare(args) > 0,
  },
  {
    name: 'gte',
    group: 'Logic',
    signature: 'a, b',
    minArgs: 2,
    maxArgs: 2,
    doc: 'Whether a is greater than b or equal to it.',
    examples: [['fn.gte(9, 9)', true]],
    run: (args) => compare(args) >= 0,
  },
  {
    name: 'lt',
    group: 'Logic',
    signature: 'a, b',
    minArgs: 2,
    maxArgs: 2,
    doc: 'Whether a is less than b.',
    examples: [["fn.lt('9', '10')", true]],
    run: (args) => compare(args) < 0,
  },
  {
    name: 'lte',
    group: 'Logic',
    signature: 'a, b',
    minArgs: 2,
    maxArgs: 2,
    doc: 'Whether a is less than b or equal to it.',
    examples: [['fn.lte(10, 9)', false]],
    run: (args) => compare(args) <= 0,
  },
]

/** Equal by content; a number or boolean also equals the text that it is written as. */
export function areEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  const numbers = [asNumber(a), asNumber(b)]
  if (numbers[0] !== undefined && numbers[1] !== undefined) return numbers[0] === numbers[1]
  if (typeof a === 'boolean' || typeof b === 'boolean') return String(a) === String(b)
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => areEqual(item, b[index]))
  return isObject(a) && isObject(b) && sameEntries(a, b)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function sameEntries(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && areEqual(a[key], b[key]))
  )
}

function compare([a, b]: readonly unknown[]): number {
  const [x, y] = [asNumber(a), asNumber(b)]
  if (x !== undefined && y !== undefined) return x - y
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b)
  throw new FunctionArgumentError('needs two numbers or two texts')
}
