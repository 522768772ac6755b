import { describe, expect, test } from 'vitest'
import { branchName, gitUrlProblem } from './git.ts'

describe('a git URL', () => {
  test.each([
    'https://github.com/acme/shop.git',
    'http://git.test/shop',
    'ssh://git@git.test:2222/acme/shop.git',
    'git@github.com:acme/shop.git',
    'file:///srv/git/shop',
  ])('is accepted: %s', (url) => expect(gitUrlProblem(url)).toBeUndefined())

  test.each([
    '--upload-pack=touch x',
    '-u',
    'ext::sh -c id',
    'fd::17',
    'ssh://-oProxyCommand=id/x',
    '-oProxyCommand=id@host:x',
    'git@host:-x',
    'https://host/--upload-pack=x',
    'https://user:secret@host/x',
    'https://host/x?y',
    'file://host/x',
    '/srv/git/shop',
    'https://host',
    'https://host/a\nb',
    '',
  ])('is refused: %j', (url) => expect(gitUrlProblem(url)).toMatch(/^(must|is)/))
})

describe('a branch name', () => {
  test.each(['main', 'feature/login-2', 'v1.2'])('is accepted: %s', (name) =>
    expect(branchName.safeParse(name).success).toBe(true),
  )
  test.each(['-x', 'a..b', 'a b', 'a/', '/a', 'a//b', 'x.lock', '.x', 'a/.x', 'a~1', 'a:b', 'a@{1}', ''])(
    'is refused: %j',
    (name) => expect(branchName.safeParse(name).success).toBe(false),
  )
})
