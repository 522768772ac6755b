import { flowDocument } from '@fairway/contract/flow'
import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import { describe, expect, it } from 'vitest'
import { triggersFor, valuesOfTriggers, watcherOfTrigger } from './flow-watcher.ts'
import { judge } from './judge.ts'

const OWN = 'example.com/a/b'
const push: GitEvent & { branch: string; after: string } = {
  host: 'github',
  kind: 'push',
  name: 'push',
  repository: { name: 'a/b', urls: [`https://${OWN}`] },
  branch: 'main',
  before: 'b'.repeat(40),
  after: 'a'.repeat(40),
  commits: [],
  commitsComplete: true,
  headCommit: null,
  pullRequest: null,
  sender: null,
  forced: false,
}
const pull = (more: object = {}) => ({
  ...push,
  kind: 'pull_request' as const,
  branch: 'feature/x',
  pullRequest: {
    id: 7,
    action: 'opened' as const,
    draft: false,
    fromFork: false,
    base: { branch: 'main', sha: null },
    ...more,
  },
})

const documentOf = (triggers: unknown[]) =>
  flowDocument.parse({
    apiVersion: 'v1.2',
    triggers,
    spec: { kind: 'Workflow', spec: { type: 'sequential', steps: [] } },
  }) as Parameters<typeof triggersFor>[0]

const gitTrigger = (more: object) => {
  const [trigger] = triggersFor(
    documentOf([{ ref: 'app', repoUrl: `https://${OWN}`, ...more }]),
    [OWN],
    [OWN],
  )
  if (trigger === undefined) throw new Error('no trigger')
  return trigger
}
const facts = {
  changed: { known: true, files: ['a'] },
  commits: [],
  newestBuild: undefined,
  byHand: false,
} as const
const verdict = (event: GitEvent, more: object) => {
  const found = judge(event, watcherOfTrigger(gitTrigger(more), false), facts)
  return found.start ? 'start' : found.rule
}

describe('a git trigger of a release flow', () => {
  it.each([
    [push, {}, 'branch'],
    [push, { branchRestrictions: ['main'] }, 'start'],
    [push, { prRestrictions: ['*'] }, 'branch'],
    [pull(), { branchRestrictions: ['*'] }, 'pull-request'],
    [pull(), { prRestrictions: ['feature/*'] }, 'start'],
    [pull(), { prRestrictions: ['fix/*'] }, 'pull-request'],
    [pull({ draft: true }), { prRestrictions: ['*'] }, 'start'],
    [pull({ draft: true }), { prRestrictions: ['*'], ignoreDrafts: true }, 'draft'],
    [pull({ fromFork: true }), { prRestrictions: ['*'] }, 'fork'],
    [pull({ action: 'closed' }), { prRestrictions: ['*'] }, 'pull-request-action'],
    [push, { branchRestrictions: ['main'], pathIgnoreRules: ['a'] }, 'path'],
    [push, { branchRestrictions: ['main'], pathIgnoreRules: ['b'], isAllowList: true }, 'path'],
  ])('judges $kind of $branch by %j: %s', (event, more, expected) => {
    expect(verdict(event, more)).toBe(expected)
  })

  it('gives the run branch, commit and pull request, under each ref that the event fits', () => {
    const all = [
      { ref: 'app', prRestrictions: ['*'] },
      { ref: 'lib', branchRestrictions: ['*'] },
      { prRestrictions: ['*'] },
    ]
    const triggers = all.map(gitTrigger)
    triggers[2] = { ...gitTrigger({}), ref: undefined, prRestrictions: ['*'] }
    expect(valuesOfTriggers(triggers, pull())).toEqual({
      app: { branch: 'feature/x', sha: 'a'.repeat(40), pullRequestId: 7 },
    })
    expect(valuesOfTriggers(triggers, push)).toEqual({ lib: { branch: 'main', sha: 'a'.repeat(40) } })
  })

  it('is about its own repository only, and a schedule about none', () => {
    const document = documentOf([
      { repoUrl: 'https://example.com/other' },
      { kind: 'cron', spec: { cron: '0 3 * * *' } },
      { ref: 'app', repoUrl: `https://${OWN}` },
    ])
    const repositories = ['example.com/other', null, OWN]
    expect(triggersFor(document, repositories, [OWN]).map(({ ref }) => ref)).toEqual(['app'])
  })

  it.each([
    [[{ repoUrl: 'https://x.example/y', pathIgnoreRules: ['[a'] }], 'pathIgnoreRules'],
    [[{ kind: 'cron', spec: { cron: 'now' } }], 'cron'],
    [[1, 2].map((hour) => ({ kind: 'cron', spec: { cron: `0 ${hour} * * *` } })), 'one cron trigger'],
    [[{ kind: 'cron', repoUrl: 'https://x.example/y' }], 'spec'],
    [[{ kind: 'carrier pigeon' }], 'kind'],
  ])('is refused when it is wrong: %j', (triggers, what) => {
    const spec = { kind: 'Workflow', spec: { type: 'sequential', steps: [] } }
    const read = flowDocument.safeParse({ apiVersion: 'v1.2', triggers, spec })
    expect(JSON.stringify(read.error?.issues)).toContain(what)
  })
})
