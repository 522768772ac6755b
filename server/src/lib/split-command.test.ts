import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWholeCommand, splitCommand } from './split-command.ts'

describe('a command line', () => {
  it.each([
    [`node  job.js\tnow`, ['node', 'job.js', 'now']],
    [`sh -c "printf 'a\\n' \\"$HOME\\""`, ['sh', '-c', `printf 'a\\n' "$HOME"`]],
    [`echo 'a\\' "b\\\\" c\\ d ''`, ['echo', 'a\\', 'b\\', 'c d', '']],
    [`--name="a b"'c'd`, ['--name=a bcd']],
    [`a; b | c && $(d)`, ['a;', 'b', '|', 'c', '&&', '$(d)']],
  ])('%s becomes its words, and nothing in them is expanded', (line, words) => {
    expect(isWholeCommand(line)).toBe(true)
    expect(splitCommand(line)).toEqual(words)
  })

  it.each([`sh -c 'echo`, `echo "a`, `echo 'a''`, 'echo a\\', `"a\\"`])(
    '%s is not whole: something in it is not closed',
    (line) => {
      expect(isWholeCommand(line)).toBe(false)
    },
  )

  it('gives back any words that were quoted', () => {
    const single = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
    const double = (word: string): string => `"${word.replace(/[\\"$`]/g, '\\$&')}"`
    const words = fc.array(fc.string(), { maxLength: 6 })
    fc.assert(
      fc.property(words, fc.constantFrom(single, double), (given, quote) => {
        const line = given.map(quote).join(' ')
        expect(isWholeCommand(line)).toBe(true)
        expect(splitCommand(line)).toEqual(given)
      }),
    )
  })
})
