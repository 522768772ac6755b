import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergePatch } from './merge-patch.ts'

describe('mergePatch', () => {
  test.each<[string, unknown, unknown, unknown]>([
    ['keeps what is absent', { a: 1, b: { c: 2, d: 3 } }, { b: { c: 4 } }, { a: 1, b: { c: 4, d: 3 } }],
    ['replaces lists whole', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['removes what is null', { a: 1, b: 2 }, { a: null }, { b: 2 }],
    [
      'an image takes the place of a build',
      { internal: { id: 'b' } },
      { external: { imagePath: 'x' } },
      { external: { imagePath: 'x' } },
    ],
    [
      'a Dockerfile takes the place of a buildpack',
      { buildpack: {} },
      { dockerfile: {} },
      { dockerfile: {} },
    ],
    ['undefined changes nothing', { a: 1 }, { a: undefined }, { a: 1 }],
  ])('%s', (_title, current, patch, expected) => {
    expect(mergePatch(current, patch)).toEqual(expected)
  })

  test('the same patch twice is the same as once, and nothing given is changed', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 2 }), fc.object({ maxDepth: 2 }), (current, patch) => {
        const before = structuredClone([current, patch])
        const once = mergePatch(current, patch)
        expect(mergePatch(once, patch)).toEqual(once)
        expect([current, patch]).toEqual(before)
      }),
    )
  })
})
