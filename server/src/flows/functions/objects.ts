import { boundedText, type FlowFunction, FunctionArgumentError, objectAt, textAt } from './function.ts'
import { readPath } from './read-path.ts'

export const objectFunctions: readonly FlowFunction[] = [
  {
    name: 'get',
    group: 'Objects',
    signature: 'objectOrArray, path, default?',
    minArgs: 2,
    maxArgs: 3,
    doc: 'The value at a dotted path; the default (false when left out) when there is none.',
    examples: [
      ['fn.get(fn.parseJSON(\'{"a":{"b":[7]}}\'), \'a.b.0\')', 7],
      ["fn.get(fn.parseJSON('{}'), 'a', 'none')", 'none'],
    ],
    run: (args) => readPath(args[0], textAt(args, 1).split('.')) ?? args[2] ?? false,
  },
  {
    name: 'stringifyJSON',
    group: 'Objects',
    signature: 'value',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The value as JSON.',
    examples: [["fn.stringifyJSON(fn.split('a b', ' '))", '["a","b"]']],
    run: (args) => boundedText(JSON.stringify(args[0] ?? null)),
  },
  {
    name: 'parseJSON',
    group: 'Objects',
    signature: 'text',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The value that the JSON stands for.',
    examples: [["fn.parseJSON('[1,2]')", [1, 2]]],
    run: (args) => parseJson(textAt(args, 0)),
  },
  {
    name: 'entries',
    group: 'Objects',
    signature: 'object',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The name and value of each field, as pairs.',
    examples: [['fn.entries(fn.parseJSON(\'{"a":1}\'))', [['a', 1]]]],
    run: (args) => Object.entries(objectAt(args, 0)),
  },
  {
    name: 'values',
    group: 'Objects',
    signature: 'object',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The values of all fields.',
    examples: [['fn.values(fn.parseJSON(\'{"a":1}\'))', [1]]],
    run: (args) => Object.values(objectAt(args, 0)),
  },
  {
    name: 'keys',
    group: 'Objects',
    signature: 'object',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The names of all fields.',
    examples: [['fn.keys(fn.parseJSON(\'{"a":1}\'))', ['a']]],
    run: (args) => Object.keys(objectAt(args, 0)),
  },
]

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message would quote the text, which may be a secret.
    throw new FunctionArgumentError('needs valid JSON as argument 1')
  }
}
