import { type FlowFunction, FunctionArgumentError, numberAt } from './function.ts'

const ANY = 50

export const mathsFunctions: readonly FlowFunction[] = [
  {
    name: 'add',
    group: 'Maths',
    signature: 'a, b, ...',
    minArgs: 2,
    maxArgs: ANY,
    doc: 'The sum.',
    examples: [["fn.add(1, '2', 3)", 6]],
    run: (args) => finite(args.reduce<number>((sum, _, index) => sum + numberAt(args, index), 0)),
  },
  {
    name: 'subtract',
    group: 'Maths',
    signature: 'a, b',
    minArgs: 2,
    maxArgs: 2,
    doc: 'a minus b.',
    examples: [['fn.subtract(5, 3)', 2]],
    run: (args) => finite(numberAt(args, 0) - numberAt(args, 1)),
  },
  {
    name: 'multiply',
    group: 'Maths',
    signature: 'a, b, ...',
    minArgs: 2,
    maxArgs: ANY,
    doc: 'The product.',
    examples: [['fn.multiply(2, 3, 4)', 24]],
    run: (args) => finite(args.reduce<number>((product, _, index) => product * numberAt(args, index), 1)),
  },
  {
    name: 'divide',
    group: 'Maths',
    signature: 'a, b',
    minArgs: 2,
    maxArgs: 2,
    doc: 'a divided by b. Dividing by 0 fails the step.',
    examples: [['fn.divide(7, 2)', 3.5]],
    run: (args) => finite(numberAt(args, 0) / numberAt(args, 1)),
  },
  {
    name: 'remainder',
    group: 'Maths',
    signature: 'a, b',
    minArgs: 2,
    maxArgs: 2,
    doc: 'What is left of a after dividing it by b.',
    examples: [['fn.remainder(7, 2)', 1]],
    run: (args) => finite(numberAt(args, 0) % numberAt(args, 1)),
  },
  {
    name: 'exp',
    group: 'Maths',
    signature: 'base, exponent',
    minArgs: 2,
    maxArgs: 2,
    doc: 'base to the power of exponent.',
    examples: [['fn.exp(2, 10)', 1024]],
    run: (args) => finite(numberAt(args, 0) ** numberAt(args, 1)),
  },
  {
    name: 'floor',
    group: 'Maths',
    signature: 'number',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The whole number below.',
    examples: [['fn.floor(3.7)', 3]],
    run: (args) => Math.floor(numberAt(args, 0)),
  },
  {
    name: 'ceil',
    group: 'Maths',
    signature: 'number',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The whole number above.',
    examples: [['fn.ceil(3.2)', 4]],
    run: (args) => Math.ceil(numberAt(args, 0)),
  },
]

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new FunctionArgumentError('has no finite result')
  return value
}
