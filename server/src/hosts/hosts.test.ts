import { createHmac } from 'node:crypto'
import type { GitEvent } from '@fairway/contract/resources/trigger-event'
import { gitEvent } from '@fairway/contract/resources/trigger-event'
import examples from '@octokit/webhooks-examples'
import { sign } from '@octokit/webhooks-methods'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refuseEvent } from '../triggers/judge.ts'
import { gitHosts } from './hosts.ts'

const SHA = '1234567890abcdef1234567890abcdef12345678'
const OLD = 'abcdefabcdefabcdefabcdefabcdefabcdefabcd'
const ZEROS = '0'.repeat(40)

const one = (events: GitEvent[]): GitEvent => {
  expect(events).toHaveLength(1)
  return events[0] as GitEvent
}

describe('GitHub', () => {
  // The package declares a default export that it does not have.
  const published = examples as unknown as { name: string; examples: unknown[] }[]
  const cases = published.flatMap(({ name, examples: bodies }) =>
    bodies.map((body, index) => ({ name, index, body })),
  )

  it.each(cases)('gives the published payload $name $index a verdict', ({ name, body }) => {
    const event = one(gitHosts.github.parse({ 'x-github-event': name }, body))
    expect(gitEvent.parse(event)).toEqual(event)
    const verdict = refuseEvent(event)
    if (['push', 'pull_request'].includes(event.kind) && event.after !== null) expect(verdict).toBeUndefined()
    else expect(verdict?.sentence).toMatch(/\.$/)
    if (!['push', 'pull_request', 'ping'].includes(name)) expect(event.kind).toBe('other')
  })

  it('reads branch, commits, pull request and every URL of the repository', () => {
    const pushes = cases.filter(({ name }) => name === 'push').map(({ body }) => body)
    const events = pushes.map((body) => one(gitHosts.github.parse({ 'x-github-event': 'push' }, body)))
    const push = events.find(({ kind }) => kind === 'push')
    expect(push).toMatchObject({
      branch: 'master',
      before: null,
      after: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
      commits: [{ sha: '6113728f27ae82c7b1a177c8d03f9e96e0adf246' }],
    })
    expect(push?.repository?.urls).toContain('git@github.com:Codertocat/Hello-World.git')
    const opened = cases.find(({ name, index }) => name === 'pull_request' && index === 3)
    const event = one(gitHosts.github.parse({ 'x-github-event': 'pull_request' }, opened?.body))
    expect(event.pullRequest?.id).toBeGreaterThan(0)
    expect(event.after).toMatch(/^[0-9a-f]{40}$/)
  })

  it('takes only bodies signed with its secret', async () => {
    const body = Buffer.from('{"zen":"é"}')
    const signature = await sign('secret', body.toString())
    const headers = { 'x-hub-signature-256': signature }
    expect(await gitHosts.github.verify(headers, body, 'secret')).toBe(true)
    expect(await gitHosts.github.verify(headers, Buffer.from('{"zen":"e"}'), 'secret')).toBe(false)
    expect(await gitHosts.github.verify(headers, body, 'other')).toBe(false)
    expect(await gitHosts.github.verify({}, body, 'secret')).toBe(false)
    expect(await gitHosts.github.verify({ 'x-hub-signature-256': 'sha256=x' }, body, 'secret')).toBe(false)
  })
})

describe('GitLab', () => {
  const project = {
    path_with_namespace: 'acme/shop',
    git_http_url: 'https://gitlab.example.com/acme/shop.git',
    git_ssh_url: 'git@gitlab.example.com:acme/shop.git',
    web_url: 'https://gitlab.example.com/acme/shop',
  }
  const push = {
    object_kind: 'push',
    before: OLD,
    after: SHA,
    ref: 'refs/heads/main',
    user_username: 'ann',
    project,
    commits: [{ id: SHA, message: 'Change' }],
    total_commits_count: 4,
  }

  it('reads a push and sees that its list of commits is cut', () => {
    expect(one(gitHosts.gitlab.parse({ 'x-gitlab-event': 'Push Hook' }, push))).toMatchObject({
      kind: 'push',
      branch: 'main',
      before: OLD,
      after: SHA,
      commitsComplete: false,
      sender: 'ann',
      repository: { name: 'acme/shop', urls: expect.arrayContaining([project.git_ssh_url]) },
    })
  })

  it('tells a push to a merge request from a change of its title', () => {
    const merge = (more: object) =>
      one(
        gitHosts.gitlab.parse(
          {},
          {
            object_kind: 'merge_request',
            project,
            object_attributes: {
              iid: 7,
              source_branch: 'x',
              target_branch: 'main',
              source_project_id: 1,
              target_project_id: 1,
              last_commit: { id: SHA, message: 'Change' },
              action: 'update',
              ...more,
            },
          },
        ),
      )
    expect(merge({ oldrev: OLD }).pullRequest).toMatchObject({ id: 7, action: 'updated', fromFork: false })
    expect(merge({}).pullRequest?.action).toBe('other')
    expect(merge({ action: 'open', source_project_id: 2 }).pullRequest).toMatchObject({
      action: 'opened',
      fromFork: true,
    })
  })

  it('takes only the secret token', async () => {
    const verify = (token?: string) =>
      gitHosts.gitlab.verify({ 'x-gitlab-token': token }, Buffer.from('{}'), 'secret')
    expect([await verify('secret'), await verify('secre'), await verify('')]).toEqual([true, false, false])
    expect(await verify()).toBe(false)
  })
})

describe('Bitbucket', () => {
  const repository = {
    full_name: 'acme/shop',
    links: { html: { href: 'https://bitbucket.org/acme/shop' } },
  }

  it('makes one event of each branch that a push moved', () => {
    const change = (name: string, more: object) => ({
      new: { type: 'branch', name, target: { hash: SHA, message: 'Change' } },
      old: null,
      commits: [
        { hash: SHA, message: 'second' },
        { hash: OLD, message: 'first' },
      ],
      truncated: true,
      ...more,
    })
    const body = {
      repository,
      push: {
        changes: [
          change('main', { old: { type: 'branch', name: 'main', target: { hash: OLD } }, forced: true }),
          change('gone', { new: null, old: { type: 'branch', name: 'gone', target: { hash: OLD } } }),
        ],
      },
    }
    const [main, gone] = gitHosts.bitbucket.parse({ 'x-event-key': 'repo:push' }, body)
    expect(main).toMatchObject({ kind: 'push', branch: 'main', before: OLD, after: SHA, forced: true })
    expect(main.commits.map(({ message }) => message)).toEqual(['first', 'second'])
    expect(main.commitsComplete).toBe(false)
    expect(gone).toMatchObject({ kind: 'delete', branch: 'gone', after: null })
  })

  it('keeps the shortened commit of a pull request', () => {
    const end = (branch: string) => ({
      branch: { name: branch },
      commit: { hash: SHA.slice(0, 12) },
      repository: { full_name: 'acme/shop' },
    })
    const body = { repository, pullrequest: { id: 3, source: end('x'), destination: end('main') } }
    expect(one(gitHosts.bitbucket.parse({ 'x-event-key': 'pullrequest:created' }, body))).toMatchObject({
      kind: 'pull_request',
      branch: 'x',
      after: SHA.slice(0, 12),
      pullRequest: { id: 3, action: 'opened', fromFork: false },
    })
  })

  it('reads the pushes and pull requests of Data Center', () => {
    const of = {
      slug: 'shop',
      id: 1,
      project: { key: 'ACME' },
      links: { clone: [{ href: 'ssh://git@bb.example.com:7999/acme/shop.git' }] },
    }
    const changes = [{ refId: 'refs/heads/main', fromHash: OLD, toHash: SHA, type: 'UPDATE' }]
    const push = one(
      gitHosts.bitbucket.parse({ 'x-event-key': 'repo:refs_changed' }, { repository: of, changes }),
    )
    expect(push).toMatchObject({
      kind: 'push',
      branch: 'main',
      repository: { name: 'ACME/shop', urls: ['ssh://git@bb.example.com:7999/acme/shop.git'] },
    })
    const end = { displayId: 'x', latestCommit: SHA, repository: of }
    const pull = one(
      gitHosts.bitbucket.parse(
        { 'x-event-key': 'pr:from_ref_updated' },
        { pullRequest: { id: 2, fromRef: end, toRef: { ...end, displayId: 'main' } } },
      ),
    )
    expect(pull).toMatchObject({ branch: 'x', after: SHA, pullRequest: { id: 2, action: 'updated' } })
  })
})

describe('Gitea', () => {
  const repository = { full_name: 'acme/shop', clone_url: 'http://git.example.com:3000/acme/shop.git' }

  it('reads pushes, and pull requests under both of their names', () => {
    const push = { ref: 'refs/heads/main', before: ZEROS, after: SHA, commits: [], repository }
    expect(one(gitHosts.gitea.parse({ 'x-gitea-event': 'push' }, push))).toMatchObject({
      kind: 'push',
      before: null,
      after: SHA,
    })
    const end = { ref: 'x', sha: SHA, repo: { full_name: 'acme/shop' } }
    const pull = {
      action: 'synchronized',
      repository,
      pull_request: { number: 5, title: 'WIP: later', head: end, base: { ...end, ref: 'main' } },
    }
    for (const name of ['pull_request', 'pull_request_sync'])
      expect(one(gitHosts.gitea.parse({ 'x-forgejo-event': name }, pull)).pullRequest).toMatchObject({
        action: 'updated',
        draft: true,
      })
  })

  it('takes only bodies signed with its secret', async () => {
    const body = Buffer.from('{}')
    const good = createHmac('sha256', 'secret').update(body).digest('hex')
    const verify = (signature: string) =>
      gitHosts.gitea.verify({ 'x-gitea-signature': signature }, body, 'secret')
    expect([await verify(good), await verify(good.slice(1)), await verify('')]).toEqual([true, false, false])
  })
})

describe('every host', () => {
  it.each(Object.values(gitHosts))('$name makes an event that can be stored of any JSON at all', (host) => {
    const names = [
      'push',
      'pull_request',
      'repo:push',
      'repo:refs_changed',
      'pullrequest:created',
      'pr:opened',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, body) => {
        const headers = { 'x-github-event': name, 'x-event-key': name, 'x-gitea-event': name }
        for (const event of host.parse(headers, body)) {
          expect(gitEvent.safeParse(event).success).toBe(true)
          expect(JSON.stringify(event)).not.toContain('\\u0000')
        }
      }),
    )
  })
})
