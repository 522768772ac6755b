import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { resolveValue, type Scope } from '../expression.ts'
import { functionsReference } from './reference.ts'
import { flowFunctions } from './table.ts'

const scope: Scope = {
  ref: () => undefined,
  args: {},
  now: new Date('2026-01-02T03:04:05.006Z'),
  random: ({ bytes, place, sticky }) =>
    createHash('sha512').update(`${sticky} ${place}`).digest().subarray(0, bytes),
  fetchSecret: () => undefined,
}

const evaluate = (expression: string, at = 'spec.x'): unknown => {
  const { value, problems } = resolveValue(`\${${expression}}`, at, scope)
  return problems[0]?.rule ?? value
}

test('every function that Northflank documents is there', () => {
  const documented =
    'randomSecret date fetchSecret toBase64 fromBase64 slug indexOf search replace replaceAll slice length toUpper ' +
    'toLower split join not or and if eq neq gt lt gte lte add subtract multiply divide remainder exp floor ceil get ' +
    'stringifyJSON parseJSON entries values keys find concat some every filter map arrSlice arrLength'
  expect(flowFunctions.map(({ name }) => name).toSorted()).toEqual(documented.split(' ').toSorted())
})

describe.each(flowFunctions.filter(({ examples }) => examples.length > 0))('fn.$name', (entry) => {
  test.each(entry.examples)('%s gives what the reference says', (call, gives) => {
    expect(evaluate(call)).toEqual(gives)
  })

  test('one argument too few or too many is refused by name', () => {
    const counts = [entry.minArgs - 1, entry.maxArgs + 1].filter((count) => count >= 0)
    for (const count of counts)
      expect(evaluate(`fn.${entry.name}(${Array(count).fill('1').join(',')})`)).toContain('does not take')
  })
})

describe('randomSecret', () => {
  test('gives the same for the same place, something else for another place, field or run-wide value', () => {
    const once = evaluate('fn.randomSecret(16)')
    expect(once).toMatch(/^[0-9a-f]{32}$/)
    expect(evaluate('fn.randomSecret(16)')).toBe(once)
    expect(evaluate('fn.randomSecret(16)', 'spec.y')).not.toBe(once)
    expect(evaluate("fn.randomSecret(16, 'hex', true)")).not.toBe(once)
    const both = String(
      evaluate("fn.concat(fn.randomSecret(9, 'base64'), ' ', fn.randomSecret(9, 'base64'))"),
    )
    const [first, second] = both.split(' ')
    expect(first).not.toBe(second)
  })

  test('refuses sizes and encodings that it does not know', () => {
    expect(evaluate('fn.randomSecret(0)')).toContain('from 1 to 256')
    expect(evaluate("fn.randomSecret(8, 'utf8')")).toContain("'hex' or 'base64'")
  })
})

describe('tests on items', () => {
  const items = `fn.parseJSON('[{"id":"a","up":true,"n":{"v":1}},{"id":"b","up":false,"n":{"v":3}}]')`
  test.each([
    [`fn.find(${items}, 'up')`, { id: 'a', up: true, n: { v: 1 } }],
    [`fn.find(${items}, 'id', 'z')`, false],
    [`fn.filter(${items}, 'n.v', fn.gte, 2).0.id`, 'b'],
    [`fn.some(${items}, 'missing')`, false],
    [`fn.every(${items}, 'n.v', fn.lt, '10')`, true],
    [`fn.map(${items}, 'n.v', fn.add, 1)`, [2, 4]],
    ['fn.filter(fn.parseJSON("[1,2,3]"), fn.gt, 1)', [2, 3]],
  ])('%s', (call, gives) => {
    expect(evaluate(call)).toEqual(gives)
  })

  test('a test that is not one is refused', () => {
    expect(evaluate(`fn.find(${items}, 'id', 'a', 'b')`)).toContain('needs a function')
    expect(evaluate(`fn.find(${items}, fn.nope, 1)`)).toContain('no function fn.nope')
    expect(evaluate(`fn.find('x', 'id')`)).toContain('needs an array')
  })
})

test('only the chosen branch of if is evaluated', () => {
  expect(evaluate("fn.if(false, fn.parseJSON('{'), 'safe')")).toBe('safe')
  expect(evaluate("fn.or(true, fn.parseJSON('{'))")).toBe(true)
  expect(evaluate("fn.and(false, fn.parseJSON('{'))")).toBe(false)
})

test('replacement text is taken literally, and nothing is a pattern', () => {
  expect(evaluate("fn.replace('a.b', '.', '$&')")).toBe('a$&b')
  expect(evaluate("fn.replaceAll('aaa', 'a*', 'x')")).toBe('aaa')
  expect(evaluate("fn.search('(a+)+b', '(a+)+')")).toBe(0)
})

test('docs/reference/functions.md is current (write it with: npm run reference)', () => {
  const page = new URL('../../../../docs/reference/functions.md', import.meta.url)
  expect(readFileSync(page, 'utf8')).toBe(functionsReference())
})
