import { describe, expect, test } from 'vitest'
import { pathRule } from './build-settings.ts'

describe('a path rule', () => {
  test.each(['docs/', '!docs/keep', '**/*.md', '[a-z]*', '[]]x', '\\#name', '\\[x', 'a b', 'x\\\\'])(
    '%j is a pattern',
    (rule) => {
      expect(pathRule.safeParse(rule).error?.issues).toBeUndefined()
    },
  )
  test.each(['', ' ', '!', '/', '#docs', 'a\nb', 'a\0', '[a-', 'x[', 'x\\', '!  '])('%j is none', (rule) => {
    expect(pathRule.safeParse(rule).success).toBe(false)
  })
})
