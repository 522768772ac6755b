import { expect, test } from 'vitest'
import { diffOf } from './line-diff.tsx'

const lines = (...all: string[]): string => `${all.join('\n')}\n`

test('a changed line is shown as removed and added, with what is around it', () => {
  expect(diffOf(lines('a', 'b', 'c'), lines('a', 'x', 'c'))).toEqual([
    { kind: 'same', text: 'a' },
    { kind: 'removed', text: 'b' },
    { kind: 'added', text: 'x' },
    { kind: 'same', text: 'c' },
  ])
})

test('long parts that are the same are left out', () => {
  const long = Array.from({ length: 20 }, (_, index) => `line ${index}`)
  const diff = diffOf(lines(...long), lines(...long, 'new'))
  expect(diff[0]).toEqual({ kind: 'skipped', count: 17 })
  expect(diff.slice(-2)).toEqual([
    { kind: 'same', text: 'line 19' },
    { kind: 'added', text: 'new' },
  ])
})
