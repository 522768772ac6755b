import {
  arrayAt,
  bounded,
  boundedText,
  type FlowFunction,
  integerAt,
  MAX_RESULT_TEXT,
  textAt,
  tooLong,
} from './function.ts'

/** Only plain texts are searched for, never patterns, so no search can hang. */
export const textFunctions: readonly FlowFunction[] = [
  {
    name: 'toBase64',
    group: 'Text',
    signature: 'text',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The text in base64.',
    examples: [["fn.toBase64('hello')", 'aGVsbG8=']],
    run: (args) => boundedText(Buffer.from(textAt(args, 0)).toString('base64')),
  },
  {
    name: 'fromBase64',
    group: 'Text',
    signature: 'text',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The text that the base64 stands for.',
    examples: [["fn.fromBase64('aGVsbG8=')", 'hello']],
    run: (args) => Buffer.from(textAt(args, 0), 'base64').toString('utf8'),
  },
  {
    name: 'slug',
    group: 'Text',
    signature: 'text',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The text as an id: lower-case letters, digits and single dashes.',
    examples: [["fn.slug('Feature/New Cart_2')", 'feature-new-cart-2']],
    run: (args) => slugOf(textAt(args, 0)),
  },
  {
    name: 'indexOf',
    group: 'Text',
    signature: 'textOrArray, wanted',
    minArgs: 2,
    maxArgs: 2,
    doc: 'Where it first stands in a text or an array, from 0; -1 when it does not.',
    examples: [["fn.indexOf('release/1.2', '/')", 7]],
    run: (args) =>
      Array.isArray(args[0]) ? args[0].indexOf(args[1]) : textAt(args, 0).indexOf(textAt(args, 1)),
  },
  {
    name: 'search',
    group: 'Text',
    signature: 'text, wanted',
    minArgs: 2,
    maxArgs: 2,
    doc: 'Where the text first holds the wanted text, from 0; -1 when it does not. Plain text, no pattern.',
    examples: [["fn.gte(fn.search('feature/cart', 'feature/'), 0)", true]],
    run: (args) => textAt(args, 0).indexOf(textAt(args, 1)),
  },
  {
    name: 'replace',
    group: 'Text',
    signature: 'text, wanted, by',
    minArgs: 3,
    maxArgs: 3,
    doc: 'The text with the first occurrence replaced. Plain text, no pattern.',
    examples: [["fn.replace('a-b-c', '-', '.')", 'a.b-c']],
    run: (args) => {
      const by = textAt(args, 2)
      return boundedText(textAt(args, 0).replace(textAt(args, 1), () => by))
    },
  },
  {
    name: 'replaceAll',
    group: 'Text',
    signature: 'text, wanted, by',
    minArgs: 3,
    maxArgs: 3,
    doc: 'The text with every occurrence replaced. Plain text, no pattern.',
    examples: [["fn.replaceAll('a-b-c', '-', '.')", 'a.b.c']],
    run: (args) => replaceAll(textAt(args, 0), textAt(args, 1), textAt(args, 2)),
  },
  {
    name: 'slice',
    group: 'Text',
    signature: 'text, start, end?',
    minArgs: 2,
    maxArgs: 3,
    doc: 'Part of the text, from start up to end. Negative numbers count from the end.',
    examples: [
      ["fn.slice('0a1b2c3d4e', 0, 7)", '0a1b2c3'],
      ["fn.slice('main', -2)", 'in'],
    ],
    run: (args) =>
      textAt(args, 0).slice(integerAt(args, 1), args.length > 2 ? integerAt(args, 2) : undefined),
  },
  {
    name: 'length',
    group: 'Text',
    signature: 'text',
    minArgs: 1,
    maxArgs: 1,
    doc: 'How many characters the text has.',
    examples: [["fn.length('main')", 4]],
    run: (args) => textAt(args, 0).length,
  },
  {
    name: 'toUpper',
    group: 'Text',
    signature: 'text',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The text in capitals.',
    examples: [["fn.toUpper('main')", 'MAIN']],
    run: (args) => textAt(args, 0).toUpperCase(),
  },
  {
    name: 'toLower',
    group: 'Text',
    signature: 'text',
    minArgs: 1,
    maxArgs: 1,
    doc: 'The text in small letters.',
    examples: [["fn.toLower('Main')", 'main']],
    run: (args) => textAt(args, 0).toLowerCase(),
  },
  {
    name: 'split',
    group: 'Text',
    signature: 'text, separator',
    minArgs: 2,
    maxArgs: 2,
    doc: 'The parts of the text between the separators.',
    examples: [["fn.split('eu,us', ',')", ['eu', 'us']]],
    run: (args) => bounded(textAt(args, 0).split(textAt(args, 1))),
  },
  {
    name: 'join',
    group: 'Text',
    signature: 'array, separator?',
    minArgs: 1,
    maxArgs: 2,
    doc: 'The items as one text. Separator: a comma when left out.',
    examples: [["fn.join(fn.split('a b', ' '), '-')", 'a-b']],
    run: (args) => join(arrayAt(args, 0), args.length > 1 ? textAt(args, 1) : ','),
  },
]

const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '')
    .join('-')

function replaceAll(text: string, wanted: string, by: string): string {
  if (wanted === '') return text
  const parts = text.split(wanted)
  const length = text.length + (parts.length - 1) * (by.length - wanted.length)
  return length > MAX_RESULT_TEXT ? tooLong() : parts.join(by)
}

function join(items: readonly unknown[], separator: string): string {
  const texts = items.map((_, index) => textAt(items, index))
  const length = texts.reduce((sum, text) => sum + text.length + separator.length, 0)
  return length > MAX_RESULT_TEXT ? tooLong() : texts.join(separator)
}
