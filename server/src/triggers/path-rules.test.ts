import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judgePaths } from './path-rules.ts'

describe('path rules', () => {
  test('mean what git means by them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairway-rules-'))
    try {
      const git = (...args: string[]) => {
        try {
          return execFileSync('git', args, {
            cwd: folder,
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'pipe'],
          })
        } catch (error) {
          if ((error as { status?: number }).status === 1) return ''
          throw error
        }
      }
      git('init', '-q')
      const cases: [string[], string][] = [
        [['docs/'], 'docs/a/b.txt'],
        [['docs'], 'x/docs/a'],
        [['/docs'], 'x/docs/a'],
        [['*.md', '!README.md'], 'README.md'],
        [['a/**/b'], 'a/b'],
        [['a/*/b'], 'a/x/y/b'],
        [['docs/', '!docs/keep'], 'docs/keep'],
        [['docs/*', '!docs/keep'], 'docs/keep'],
        [['A'], 'a'],
        [['**'], 'x/y'],
        [['a?c'], 'abc'],
        [['[ab]c'], 'bc'],
      ]
      for (const [rules, file] of cases) {
        writeFileSync(join(folder, '.gitignore'), `${rules.join('\n')}\n`)
        mkdirSync(join(folder, '.git', 'info'), { recursive: true })
        const ignored = git('check-ignore', '--no-index', file) !== ''
        expect([rules, file, !judgePaths({ rules, isAllowList: false }, [file]).starts]).toEqual([
          rules,
          file,
          ignored,
        ])
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
