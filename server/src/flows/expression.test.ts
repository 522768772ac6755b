import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveValue, type Scope } from './expression.ts'
import { MAX_EXPRESSION_DEPTH } from './expression-parser.ts'

const responses: Record<string, unknown> = {
  'start-build': { id: 'b1', branch: 'main', ports: [{ dns: 'web--shop' }], size: 3, nothing: null },
  list: { items: [{ id: 'a' }, { id: 'b' }] },
}

const scope: Scope = {
  ref: (name) => (Object.hasOwn(responses, name) ? responses[name] : undefined),
  args: { BRANCH: 'main', COUNT: 5, EMPTY: '', LIST: ['eu', 'us'], ON: true },
  loop: { item: { region: 'eu', zones: ['a'] }, index: 2 },
  now: new Date('2026-01-02T03:04:05.006Z'),
  random: ({ bytes, place, sticky }) => Buffer.alloc(bytes, `${sticky}${place}`),
  fetchSecret: (group, key) => (group === 'prod' && key === 'TOKEN' ? 's3cret' : undefined),
}

const resolve = (text: string, at = 'spec.x', over: Partial<Scope> = {}) =>
  resolveValue(text, at, { ...scope, ...over })
const value = (text: string): unknown => {
  const { value: resolved, problems } = resolve(text)
  expect(problems).toEqual([])
  return resolved
}
const problem = (text: string): string => resolve(text).problems[0]?.rule ?? 'no problem'

describe('values', () => {
  test.each([
    ['plain text', 'plain text'],
    ['${refs.start-build.id}', 'b1'],
    ['${ refs.start-build.ports.0.dns }', 'web--shop'],
    ["${refs['start-build'].ports[0]['dns']}", 'web--shop'],
    ['${refs.start-build.nothing}', null],
    ['${refs.start-build}', responses['start-build']],
    ['${args.COUNT}', 5],
    ['${args.ON}', true],
    ['${args.EMPTY}', ''],
    ['${args.LIST}', ['eu', 'us']],
    ['${args.LIST.1}', 'us'],
    ['${loop.item.region}', 'eu'],
    ['${loop.index}', 2],
    ['release-${args.COUNT}-${args.BRANCH}', 'release-5-main'],
    ['on=${args.ON} list=${args.LIST}', 'on=true list=["eu","us"]'],
    ['${fn.concat(\'it\\\'s \', "a \\"day\\"\\n")}', 'it\'s a "day"\n'],
    ["${fn.concat('a}b', ')', ',')}", 'a}b),'],
    ['${fn.toUpper(fn.concat(args.BRANCH, "-", refs.start-build.size))}', 'MAIN-3'],
    ['${fn.eq("${args.BRANCH}", "main")}', false],
    ['${fn.eq(${args.BRANCH}, "main")}', true],
    ['${fn.parseJSON(\'{"a":[1,2]}\').a.1}', 2],
    ['${fn.add(-1.5, 2)}', 0.5],
    ["${fn.fetchSecret('prod', 'TOKEN')}", 's3cret'],
  ])('%s gives its value with its type, or as text in a longer text', (text, expected) => {
    expect(value(text)).toEqual(expected)
  })

  test('every text of a value is resolved, at any depth; names of fields are not', () => {
    const { value: resolved } = resolveValue(
      { a: ['${args.COUNT}', { '${args.COUNT}': 'x${args.COUNT}' }], b: 1, c: null },
      'spec',
      scope,
    )
    expect(resolved).toEqual({ a: [5, { '${args.COUNT}': 'x5' }], b: 1, c: null })
  })

  test('what is resolved is not resolved again: a value cannot smuggle in an expression', () => {
    const { value: resolved } = resolve('${args.X} ${args.X}', 'spec', { args: { X: '${args.COUNT}' } })
    expect(resolved).toBe('${args.COUNT} ${args.COUNT}')
  })
})

describe('literals', () => {
  test('${{...}} is left for the running container, \\${ is a dollar and a brace', () => {
    expect(value('a ${{secrets.x.values.Y}} ${args.COUNT}')).toBe('a ${{secrets.x.values.Y}} 5')
    expect(value('echo \\${HOME} ${args.COUNT}')).toBe('echo ${HOME} 5')
    expect(value('costs $5')).toBe('costs $5')
  })

  test('${template...} stays in a document nested in a template, and is a problem elsewhere', () => {
    const text = '${template.refs.db.id}-${args.COUNT}'
    expect(resolve(text, 'spec', { nested: true }).value).toBe('${template.refs.db.id}-5')
    expect(resolve('${template.fn.slug(args.X)}', 'spec', { nested: true }).value).toBe(
      '${template.fn.slug(args.X)}',
    )
    expect(problem(text)).toContain('not part of a template')
  })
})

describe('what does not resolve', () => {
  test('at top level it is a problem that names the expression and the field', () => {
    expect(resolve('x ${refs.nope.id}', 'spec.spec.steps.1.spec.branch').problems).toEqual([
      {
        path: 'spec.spec.steps.1.spec.branch',
        rule: '"${refs.nope.id}" does not resolve: no earlier step of that ref answered with that field.',
      },
    ])
    expect(problem('${args.NOPE}')).toContain('"${args.NOPE}" does not resolve')
    expect(resolve('${loop.item}', 'x', { loop: undefined }).problems).toHaveLength(1)
  })

  test('inside a function it counts as false', () => {
    expect(value("${fn.if(refs.nope.id, 'yes', 'no')}")).toBe('no')
    expect(value('${fn.not(args.NOPE)}')).toBe(true)
    expect(value('${fn.stringifyJSON(args.NOPE)}')).toBe('false')
    expect(value('${fn.stringifyJSON(refs.start-build.nothing)}')).toBe('null')
    expect(value('${fn.stringifyJSON(null)}')).toBe('null')
  })

  test('all problems of a value are reported, each at its own path', () => {
    const { problems } = resolveValue({ a: '${args.X}', b: ['${nope}'] }, 'spec', scope)
    expect(problems.map(({ path }) => path)).toEqual(['spec.a', 'spec.b.0'])
  })

  test.each([
    ['${HOME}', 'write \\${ for a literal ${'],
    ['${refs.a', 'needs } before'],
    ['${', 'must begin with'],
    ['${}', 'must begin with'],
    ['${refs.a.}', 'needs } before'],
    ["${fn.concat('a}", "has a ' that is not closed"],
    ["${fn.concat('\\q')}", 'unknown escape'],
    ['${fn.concat(1,)}', 'must begin with'],
    ['${fn.nope(1)}', 'there is no function fn.nope'],
    ['${fn.toUpper}', 'needs parentheses'],
    ['${fn.toUpper(1, 2)}', 'does not take 2 arguments'],
    ['${fn.toUpper(args.LIST)}', 'needs a text as argument 1'],
    ['${fn.divide(1, 0)}', 'no finite result'],
    ["${fn.parseJSON('{')}", 'needs valid JSON'],
    ['${fn.if(true, fn.toUpper)}', 'gives a function'],
    ['${secrets.x.values.Y}', 'fn.fetchSecret'],
    ['${{secrets.x', 'without its }}'],
    ['${args.BRANCH args.BRANCH}', 'needs } before'],
  ])('%s is refused with a sentence', (text, rule) => {
    expect(problem(text)).toContain(rule)
  })
})

describe('safety', () => {
  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length'])(
    'nothing inherited can be read: %s',
    (key) => {
      for (const path of [`args.${key}`, `refs.start-build.${key}`, `refs.${key}`, `args.LIST.${key}`])
        expect(problem(`\${${path}}`)).toContain('does not resolve')
      expect(value(`\${fn.get(args.LIST, '${key}', 'none')}`)).toBe('none')
    },
  )

  test('a "__proto__" in a value or in JSON changes no prototype', () => {
    const parsed = JSON.parse('{"__proto__": {"polluted": "${args.COUNT}"}}')
    const { value: resolved } = resolveValue(parsed, 'spec', scope)
    expect(Object.getPrototypeOf(resolved)).toBe(Object.prototype)
    expect(problem(`\${fn.parseJSON('{"__proto__": {"x": 1}}')['__proto__'].x}`)).toContain('gives nothing')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('depth and length are limited', () => {
    const nest = (depth: number): string => `\${${'fn.not('.repeat(depth)}true${')'.repeat(depth)}}`
    expect(problem(nest(MAX_EXPRESSION_DEPTH - 1))).toBe('no problem')
    expect(problem(nest(MAX_EXPRESSION_DEPTH))).toContain('nested more than')
    expect(problem(nest(5000))).toMatch(/nested|too long/)
    expect(problem(`\${args.COUNT}${'x'.repeat(30_000)}`)).toContain('too long')
  })

  test('a result cannot grow without bound', () => {
    const big = 'a'.repeat(1000)
    const grown = resolve("${fn.replaceAll(fn.replaceAll(args.BIG, 'a', args.BIG), 'a', args.BIG)}", 'x', {
      args: { BIG: big },
    })
    expect(grown.problems[0]?.rule).toContain('would give more than')
    const joined = resolve('${args.BIG}'.repeat(300), 'x', { args: { BIG: big } })
    expect(joined.problems[0]?.rule).toContain('comes to more than')
  })

  test('any text gives a value or a problem, never an exception', () => {
    const bits = fc.constantFrom(
      ...[
        '${',
        '}',
        '{',
        '(',
        ')',
        ',',
        '.',
        "'",
        '"',
        '\\',
        'fn.',
        'refs.',
        'args.COUNT',
        'fn.add',
        '1',
        ' ',
        '[',
        ']',
      ],
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(bits, { maxLength: 14 }).map((parts) => `\${${parts.join('')}`),
    )
    fc.assert(
      fc.property(text, (source) => {
        const result = resolve(source)
        expect(result.problems.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 3000 },
    )
  })

  test('text without expressions is never changed', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('${')),
        (text) => {
          expect(value(text)).toBe(text)
        },
      ),
    )
  })

  test('a quoted text of any characters comes out as it went in', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const quoted = text.replace(/[\\']/g, (char) => `\\${char}`)
        expect(value(`\${fn.concat('${quoted}')}`)).toBe(text)
      }),
    )
  })
})
