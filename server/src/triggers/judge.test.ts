import { DEFAULT_CI_IGNORE_FLAGS } from '@fairway/contract/resources/build-settings'
import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { fitsPattern } from './branch-pattern.ts'
import { type Facts, judge } from './judge.ts'
import { judgePaths } from './path-rules.ts'
import { type Watcher, watcherOfBuilder } from './watcher.ts'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const commit = (message: string, sha = B) => ({ sha, message })

const push: GitEvent = {
  host: 'github',
  kind: 'push',
  name: 'push',
  repository: { name: 'acme/shop', urls: ['https://github.com/acme/shop.git'] },
  branch: 'main',
  before: A,
  after: B,
  commits: [commit('Change')],
  commitsComplete: true,
  headCommit: commit('Change'),
  pullRequest: null,
  sender: 'ann',
  forced: false,
}
const pull: GitEvent = {
  ...push,
  kind: 'pull_request',
  branch: 'feature/x',
  pullRequest: {
    id: 7,
    action: 'opened',
    draft: false,
    fromFork: false,
    base: { branch: 'main', sha: A },
  },
}
const watcher: Watcher = {
  kind: 'service',
  ciEnabled: true,
  branchPatterns: ['main'],
  pullRequestPatterns: ['feature/*'],
  pathRules: [],
  isAllowList: false,
  ignoreFlags: DEFAULT_CI_IGNORE_FLAGS,
  ignoreDrafts: true,
}
const facts: Facts = {
  changed: { known: true, files: ['src/a.ts'] },
  commits: [commit('Change')],
  newestBuild: undefined,
  byHand: false,
}

type Change = { event?: Partial<GitEvent>; watcher?: Partial<Watcher>; facts?: Partial<Facts> }
const verdict = (change: Change, base: GitEvent = push) =>
  judge({ ...base, ...change.event }, { ...watcher, ...change.watcher }, { ...facts, ...change.facts })

const files = (...names: string[]) => ({ changed: { known: true, files: names } as const })
const docs = { pathRules: ['docs/', '*.md', '!README.md'] }
const api = { pathRules: ['/api/**', '!/api/docs'], isAllowList: true }

describe('a push', () => {
  it.each<[string, Change, string | undefined]>([
    ['to the branch starts a build', {}, undefined],
    ['to another branch starts nothing', { event: { branch: 'main2' } }, 'branch'],
    ['of the first commits of a branch starts a build', { event: { before: null } }, undefined],
    ['by force starts a build', { event: { forced: true } }, undefined],
    ['that deletes the branch starts nothing', { event: { kind: 'delete', after: null } }, 'branch-deleted'],
    ['of a tag starts nothing', { event: { kind: 'tag', branch: 'v1' } }, 'tag'],
    ['to a branch that is an option starts nothing', { event: { branch: '--upload-pack=x' } }, 'branch'],
    ['without a commit starts nothing', { event: { after: null } }, 'no-commit'],
    ['while CI is off starts nothing', { watcher: { ciEnabled: false } }, 'ci-disabled'],
    ['with no pattern at all starts nothing', { watcher: { branchPatterns: [] } }, 'branch'],
    ['without commits, by hand an empty one, starts a build', { facts: files() }, undefined],
    ['without changes passes an ignore list', { watcher: docs, facts: files() }, undefined],
    ['without changes does not pass an allow list', { watcher: api, facts: files() }, 'path'],
    ['of ignored files only starts nothing', { watcher: docs, facts: files('docs/a', 'x/b.md') }, 'path'],
    [
      'of one file that is not ignored starts a build',
      { watcher: docs, facts: files('b.md', 'c.ts') },
      undefined,
    ],
    [
      'of a file that a later rule takes back starts a build',
      { watcher: docs, facts: files('README.md') },
      undefined,
    ],
    ['outside the allow list starts nothing', { watcher: api, facts: files('web/a.ts', 'api.ts') }, 'path'],
    ['inside the allow list starts a build', { watcher: api, facts: files('web/a', 'api/b.ts') }, undefined],
    [
      'of unknown files starts a build',
      { watcher: docs, facts: { changed: { known: false, why: 'gone.' } } },
      undefined,
    ],
    [
      'of a renamed file counts under both names',
      { watcher: { pathRules: ['old/'] }, facts: files('old/a', 'new/a') },
      undefined,
    ],
    [
      'of a commit that is built starts nothing',
      { facts: { newestBuild: { id: 'x', sha: B, concluded: true } } },
      'already-built',
    ],
    [
      'replayed by hand builds a commit again',
      { facts: { byHand: true, newestBuild: { id: 'x', sha: B, concluded: true } } },
      undefined,
    ],
    [
      'replayed by hand waits for the build under way',
      { facts: { byHand: true, newestBuild: { id: 'x', sha: B, concluded: false } } },
      'already-built',
    ],
    [
      'back to an older commit starts a build',
      { facts: { newestBuild: { id: 'x', sha: A, concluded: true } } },
      undefined,
    ],
    [
      'with one flagged commit among several starts nothing',
      { facts: { commits: [commit('Fix [CI Skip]', A), commit('Change')] } },
      'commit-flag',
    ],
    [
      'with a flagged commit starts a build when flags are off',
      { watcher: { ignoreFlags: [] }, facts: { commits: [commit('[skip ci]')] } },
      undefined,
    ],
  ])('%s', (_title, change, rule) => {
    const found = verdict(change)
    expect(found.start ? undefined : found.rule).toBe(rule)
    expect(found.sentence).toMatch(/\.$/)
  })

  test('names the rule, the file and the commit that decided', () => {
    expect(verdict({ watcher: docs, facts: files('docs/a.txt') })).toMatchObject({
      rule: 'path',
      text: 'docs/',
      file: 'docs/a.txt',
    })
    const commits = [commit('Notes\n\n[no ci]', A), commit('Change')]
    expect(verdict({ facts: { commits } })).toMatchObject({ rule: 'commit-flag', text: '[no ci]', commit: A })
  })
})

describe('a pull request', () => {
  const of = (change: Partial<NonNullable<GitEvent['pullRequest']>>) => ({
    event: { pullRequest: { ...pull.pullRequest, ...change } as GitEvent['pullRequest'] },
  })
  it.each<[string, Change, string | undefined]>([
    ['of a matching branch starts a build', {}, undefined],
    ['of another branch starts nothing', { event: { branch: 'fix' } }, 'pull-request'],
    ['that got commits starts a build', of({ action: 'updated' }), undefined],
    ['that was closed starts nothing', of({ action: 'closed' }), 'pull-request-action'],
    ['from a fork starts nothing', of({ fromFork: true }), 'fork'],
    ['that is a draft starts nothing where drafts are ignored', of({ draft: true }), 'draft'],
    [
      'that is a draft starts a build elsewhere',
      { ...of({ draft: true }), watcher: { ignoreDrafts: false } },
      undefined,
    ],
    [
      'counts the message of its head commit only',
      { facts: { commits: [commit('[skip ci]', A), commit('Change')] } },
      undefined,
    ],
    [
      'whose head commit is flagged starts nothing',
      { facts: { commits: [commit('[skip ci]')] } },
      'commit-flag',
    ],
  ])('%s', (_title, change, rule) => {
    const found = verdict(change, pull)
    expect(found.start ? undefined : found.rule).toBe(rule)
  })
})

describe('a builder as a watcher', () => {
  const of = (branch: string | undefined, configuration = {}) =>
    watcherOfBuilder({ kind: 'service', branch, disabledCI: false, configuration })
  test('bound to one branch builds that branch and no pull requests', () => {
    expect(of('main', { prRestrictions: ['*'] })).toMatchObject({
      branchPatterns: ['main'],
      pullRequestPatterns: [],
    })
  })
  test('of several branches builds its restrictions, empty ones nothing', () => {
    expect(of(undefined)).toMatchObject({ branchPatterns: ['master', 'main'], pullRequestPatterns: ['*'] })
    const none = { branchRestrictions: [], prRestrictions: [] }
    expect(of(undefined, none)).toMatchObject({ branchPatterns: [], pullRequestPatterns: [] })
  })
  test('heeds the default flags unless told otherwise', () => {
    expect(of('main').ignoreFlags).toEqual(DEFAULT_CI_IGNORE_FLAGS)
    expect(of('main', { ciIgnoreFlags: ['[later]'] }).ignoreFlags).toEqual(['[later]'])
    expect(of('main', { ciIgnoreFlagsEnabled: false }).ignoreFlags).toEqual([])
  })
})

describe('a branch pattern', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 12 })
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 20 })
  test('fits exactly what the same regular expression fits', () => {
    fc.assert(
      fc.property(part, name, (pattern, text) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 's').test(text)
        expect(fitsPattern(pattern, text)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })
  test('of many stars is judged at all: backtracking would take for ever', () => {
    expect(fitsPattern(`${'*a'.repeat(130)}b`, 'a'.repeat(250))).toBe(false)
  })
})

describe('path rules', () => {
  const segment = fc.constantFrom('a', 'b', 'docs', 'x.md', '.git', ' ', '#c', '!d', 'A')
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  const rule = fc.oneof(
    path,
    path.map((text) => `/${text}`),
    path.map((text) => `!${text}`),
    path.map((text) => `${text}/`),
    fc.constantFrom('*', '**', '*.md', 'a/**', '**/b', '!*.md', '[', '\\', '(', '# note', 'a/*/b'),
  )

  test('never fail, and a start and a refusal name a changed file', () => {
    fc.assert(
      fc.property(fc.array(rule), fc.array(path), fc.boolean(), (rules, changed, isAllowList) => {
        const answer = judgePaths({ rules, isAllowList }, changed)
        if (answer.file !== undefined) expect(changed).toContain(answer.file)
        if (!answer.starts && !isAllowList) expect(rules).toContain(answer.rule)
      }),
    )
  })

  test('of plain names and folders mean the same on their own as beside a pattern', () => {
    const plain = fc.oneof(
      path,
      path.map((text) => `/${text}`),
      path.map((text) => `${text}/`),
      path.map((text) => `${text}/**`),
    )
    fc.assert(
      fc.property(fc.array(plain, { minLength: 1 }), path, (rules, file) => {
        // A pattern that matches nothing makes the library judge.
        const slow = judgePaths({ rules: [...rules, 'no[ ]thing'], isAllowList: false }, [file])
        expect([rules, file, judgePaths({ rules, isAllowList: false }, [file]).starts]).toEqual([
          rules,
          file,
          slow.starts,
        ])
      }),
      { numRuns: 3000 },
    )
  })

  test('one changed file more never holds a build back', () => {
    fc.assert(
      fc.property(fc.array(rule), fc.array(path), path, fc.boolean(), (rules, changed, more, isAllowList) => {
        const before = judgePaths({ rules, isAllowList }, changed).starts
        const after = judgePaths({ rules, isAllowList }, [...changed, more]).starts
        // An empty push passes an ignore list, whatever it says.
        if (before && changed.length > 0) expect(after).toBe(true)
      }),
    )
  })
})
