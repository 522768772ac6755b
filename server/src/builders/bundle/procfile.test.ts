import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProcfile } from './procfile.ts'

describe('a Procfile', () => {
  it('names processes, with comments and empty lines between', () => {
    expect(parseProcfile('# us\nweb: node a.js --x=1: y\n\n  worker:node b.js\r\n')).toEqual({
      web: 'node a.js --x=1: y',
      worker: 'node b.js',
    })
  })

  it.each([
    ['web: a\nnonsense', 'line 2 is not'],
    ['web:', 'line 1 is not'],
    ['web: a\n\nweb: b', 'line 3 names "web" a second time'],
    ['a b: c\nd', 'line 1 is not "<process type>: <command>"; line 2'],
    ['web: a\0b', 'line 1 holds control'],
    ['# nothing', 'names no process'],
  ])('%j is refused: %s', (text, problem) => {
    expect(() => parseProcfile(text)).toThrow(problem)
  })

  it('reads back whatever can be written', () => {
    const type = fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}$/)
    const command = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/)
    fc.assert(
      fc.property(fc.dictionary(type, command, { minKeys: 1 }), (processes) => {
        const text = Object.entries(processes).map(([name, line]) => `${name}: ${line}`)
        expect(parseProcfile(text.join('\n'))).toEqual({ ...processes })
      }),
    )
  })
})
