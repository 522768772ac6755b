import fc from 'fast-check'
import { satisfies } from 'semver'
import { describe, expect, it } from 'vitest'
import { chooseTag } from './choose-tag.ts'

describe('the tag of a range of versions', () => {
  it.each<[string, string[], string | undefined]>([
    ['^1.2', ['1.2.0', '1.10.0', '1.9.9', '2.0.0'], '1.10.0'],
    ['^1.2', ['v1.2.0', 'v1.3.0'], 'v1.3.0'],
    ['~1.2.0', ['1.2.9', '1.3.0'], '1.2.9'],
    ['^1', ['1', '1.2', 'latest', 'main'], undefined],
    ['^1', ['1.2.0', '1.3.0-rc.1', '1.3.0-alpine'], '1.2.0'],
    ['^1.3.0-rc.0', ['1.3.0-rc.1', '1.3.0-rc.10', '1.3.0-rc.2'], '1.3.0-rc.10'],
    ['>=1 <2', ['01.2.3', '1.0.0'], '1.0.0'],
    ['*', ['99999999999999999.0.0', '1.0.0'], '1.0.0'],
    ['^1', ['v1.0.0', '1.0.0'], '1.0.0'],
    ['^3', ['1.0.0', '2.0.0'], undefined],
    ['^1', [], undefined],
  ])('of %s among %j is %s', (range, tags, expected) => {
    expect(chooseTag(tags, range)).toBe(expected)
  })

  it('does not depend on the order in which a registry lists its tags, and always fits', () => {
    const part = fc.integer({ min: 0, max: 3 })
    const tag = fc
      .tuple(fc.constantFrom('', 'v'), part, part, part)
      .map(([v, a, b, c]) => `${v}${a}.${b}.${c}`)
    fc.assert(
      fc.property(fc.array(tag), fc.constantFrom('^1.1', '*', '~2.0.0', '>=1 <3'), (tags, range) => {
        const chosen = chooseTag(tags, range)
        expect(chooseTag([...tags].reverse(), range)).toBe(chosen)
        expect(chosen === undefined).toBe(!tags.some((one) => satisfies(one, range)))
        if (chosen !== undefined) expect(satisfies(chosen, range)).toBe(true)
      }),
    )
  })
})
