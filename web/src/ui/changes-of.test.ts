import { expect, test } from 'vitest'
import { changesOf } from './changes-of.ts'

test('only what was changed is sent: parts of objects, lists whole, null as it is', () => {
  const before = { a: 1, b: { c: 1, d: 2 }, list: [1, 2], limit: 5, same: { x: [1] } }
  const after = { a: 1, b: { c: 1, d: 3 }, list: [2], limit: null, same: { x: [1] }, more: { y: true } }
  expect(changesOf(before as object, after)).toEqual({
    b: { d: 3 },
    list: [2],
    limit: null,
    more: { y: true },
  })
})

test('nothing changed, or only left out, is no change', () => {
  expect(changesOf({ a: 1, b: { c: 2 } }, { a: 1, b: { c: 2 } })).toBeUndefined()
  expect(changesOf({ a: 1 } as { a?: number | undefined }, { a: undefined })).toBeUndefined()
})
