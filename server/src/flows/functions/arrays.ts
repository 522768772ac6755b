import {
  arrayAt,
  bounded,
  boundedText,
  type FlowFunction,
  FunctionArgumentError,
  type FunctionContext,
  FunctionValue,
  integerAt,
  isTrue,
  textAt,
} from './function.ts'
import { areEqual } from './logic.ts'
import { readPath } from './read-path.ts'

const TESTS =
  "The test is one of: a field's path (is it true?); a path and a value (are they equal?); a path, a function and " +
  'its further arguments; or a function and its further arguments, for the item itself.'

const items = `fn.parseJSON('[{"id":"a","size":1},{"id":"b","size":3}]')`

export const arrayFunctions: readonly FlowFunction[] = [
  {
    name: 'find',
    group: 'Arrays',
    signature: 'array, test...',
    minArgs: 2,
    maxArgs: 6,
    doc: `The first item that passes the test; false when none does. ${TESTS}`,
    examples: [
      [`fn.find(${items}, 'id', 'b')`, { id: 'b', size: 3 }],
      [`fn.find(${items}, 'size', fn.gt, 2)`, { id: 'b', size: 3 }],
    ],
    run: (args, context) => arrayAt(args, 0).find(testOf(args, context)) ?? false,
  },
  {
    name: 'filter',
    group: 'Arrays',
    signature: 'array, test...',
    minArgs: 2,
    maxArgs: 6,
    doc: 'The items that pass the test. The test is given as for find.',
    examples: [[`fn.filter(fn.split('dev,main', ','), fn.eq, 'main')`, ['main']]],
    run: (args, context) => arrayAt(args, 0).filter(testOf(args, context)),
  },
  {
    name: 'some',
    group: 'Arrays',
    signature: 'array, test...',
    minArgs: 2,
    maxArgs: 6,
    doc: 'Whether one item passes the test. The test is given as for find.',
    examples: [[`fn.some(${items}, 'size', fn.gt, 2)`, true]],
    run: (args, context) => arrayAt(args, 0).some(testOf(args, context)),
  },
  {
    name: 'every',
    group: 'Arrays',
    signature: 'array, test...',
    minArgs: 2,
    maxArgs: 6,
    doc: 'Whether all items pass the test. The test is given as for find.',
    examples: [[`fn.every(${items}, 'size', fn.gt, 2)`, false]],
    run: (args, context) => arrayAt(args, 0).every(testOf(args, context)),
  },
  {
    name: 'map',
    group: 'Arrays',
    signature: 'array, fieldOrFunction, ...',
    minArgs: 2,
    maxArgs: 6,
    doc: 'A value for each item: the field at a path (false where missing), or what a function gives for the item and the further arguments.',
    examples: [
      [`fn.map(${items}, 'id')`, ['a', 'b']],
      ["fn.map(fn.split('a,b', ','), fn.toUpper)", ['A', 'B']],
      [`fn.map(${items}, 'id', fn.toUpper)`, ['A', 'B']],
    ],
    run: (args, context) => arrayAt(args, 0).map(itemValue(args, context)),
  },
  {
    name: 'concat',
    group: 'Arrays',
    signature: 'arrayOrText, arrayOrText, ...',
    minArgs: 1,
    maxArgs: 50,
    doc: 'The items of all arrays in one, or all texts in one.',
    examples: [
      ["fn.concat(fn.split('a,b', ','), fn.split('c', ','))", ['a', 'b', 'c']],
      ["fn.concat('release-', 7)", 'release-7'],
    ],
    run: (args) =>
      Array.isArray(args[0])
        ? bounded(args.flatMap((_, index) => arrayAt(args, index)))
        : boundedText(args.map((_, index) => textAt(args, index)).join('')),
  },
  {
    name: 'arrSlice',
    group: 'Arrays',
    signature: 'array, start, end?',
    minArgs: 2,
    maxArgs: 3,
    doc: 'Part of the array, from start up to end. Negative numbers count from the end.',
    examples: [["fn.arrSlice(fn.split('a,b,c', ','), 1)", ['b', 'c']]],
    run: (args) =>
      arrayAt(args, 0).slice(integerAt(args, 1), args.length > 2 ? integerAt(args, 2) : undefined),
  },
  {
    name: 'arrLength',
    group: 'Arrays',
    signature: 'array',
    minArgs: 1,
    maxArgs: 1,
    doc: 'How many items the array has.',
    examples: [["fn.arrLength(fn.split('a,b,c', ','))", 3]],
    run: (args) => arrayAt(args, 0).length,
  },
]

type OfItem<T> = (item: unknown) => T

function testOf(args: readonly unknown[], context: FunctionContext): OfItem<boolean> {
  const [, first, second] = args
  if (first instanceof FunctionValue || second instanceof FunctionValue || args.length === 2) {
    const value = itemValue(args, context)
    return (item) => isTrue(value(item))
  }
  if (args.length > 3) throw new FunctionArgumentError('needs a function such as fn.eq as argument 3')
  return (item) => areEqual(fieldOf(item, args), second)
}

/** What a field, a function, or a function of a field gives for an item. */
function itemValue(args: readonly unknown[], context: FunctionContext): OfItem<unknown> {
  const [, first, second, ...rest] = args
  if (first instanceof FunctionValue) return (item) => context.call(first.name, [item, ...args.slice(2)])
  if (second instanceof FunctionValue)
    return (item) => context.call(second.name, [fieldOf(item, args), ...rest])
  if (args.length > 2) throw new FunctionArgumentError('needs a function such as fn.toUpper as argument 3')
  return (item) => fieldOf(item, args)
}

const fieldOf = (item: unknown, args: readonly unknown[]): unknown =>
  readPath(item, textAt(args, 1).split('.')) ?? false
