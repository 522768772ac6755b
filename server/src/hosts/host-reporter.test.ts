import { apiUrlOf } from '@fairway/contract/resources/git-account'
import { describe, expect, it } from 'vitest'
import type { ReportingAccount } from '../reconcile/host-reporter-port.ts'
import { createHostReporter } from './host-reporter.ts'
import { startTestHost, type TestHost } from './test-host.ts'

const SHA = 'a'.repeat(40)
const hosts = ['github', 'gitlab', 'bitbucket', 'gitea'] as const
type Host = (typeof hosts)[number]

const signal = new AbortController().signal
const reporter = createHostReporter()

const accountAt = (host: Host, { url }: TestHost): ReportingAccount => ({
  host,
  apiUrl: apiUrlOf({ host, baseUrl: url, apiUrl: host === 'bitbucket' ? `${url}/2.0` : null }),
  credentials: {
    type: 'token',
    baseUrl: url,
    username: host === 'bitbucket' ? 'x-token-auth' : 'x',
    token: 'the-token',
  },
})

const CREDENTIALS: Record<Host, [header: string, value: string]> = {
  github: ['authorization', 'token the-token'],
  gitlab: ['private-token', 'the-token'],
  bitbucket: ['authorization', 'Bearer the-token'],
  gitea: ['authorization', 'token the-token'],
}

const STATES: Record<Host, [pending: string, success: string]> = {
  github: ['pending', 'success'],
  gitlab: ['pending', 'success'],
  bitbucket: ['INPROGRESS', 'SUCCESSFUL'],
  gitea: ['pending', 'success'],
}

async function withHost(work: (host: TestHost) => Promise<void>): Promise<void> {
  const host = await startTestHost()
  try {
    await work(host)
  } finally {
    await host.close()
  }
}

const said = (host: Host, at: TestHost, more: { mayHaveArrived?: boolean; repository?: string } = {}) => ({
  account: accountAt(host, at),
  repository: host === 'gitlab' ? 'group/sub/shop' : 'acme/shop',
  sha: SHA,
  context: 'fairway/shop/a-service-with-quite-a-long-name-indeed',
  description: 'Build quick-fox-1 is under way.',
  url: 'https://fairway.example.com/projects/shop',
  mayHaveArrived: false,
  signal,
  ...more,
})

describe.each(hosts)('%s', (name) => {
  it('takes the states of a commit, with description and link, signed in as the account', () =>
    withHost(async (host) => {
      await reporter.reportStatus({ ...said(name, host), state: 'pending' })
      await reporter.reportStatus({ ...said(name, host), state: 'success', description: 'Built.' })
      const [header, value] = CREDENTIALS[name]
      expect(host.writes().map(({ headers }) => headers[header])).toEqual([value, value])
      expect(host.writes().map(({ body }) => body.state)).toEqual(STATES[name])
      const last = host.statuses.get(SHA)?.at(-1)
      expect(last).toMatchObject({ state: STATES[name][1], description: 'Built.' })
      expect(JSON.stringify(last)).toContain('https://fairway.example.com/projects/shop')
    }))

  it('shows a status once that is said again because nobody knew whether it had arrived', () =>
    withHost(async (host) => {
      await reporter.reportStatus({ ...said(name, host), state: 'pending' })
      await reporter.reportStatus({ ...said(name, host, { mayHaveArrived: true }), state: 'pending' })
      expect(host.statuses.get(SHA)).toHaveLength(1)
    }))

  it('keeps one comment a pull request and marker, and changes it in place', () =>
    withHost(async (host) => {
      const { account, repository } = said(name, host)
      const call = { account, repository, pullRequest: 7, mayHaveArrived: false, signal }
      host.comments.set('7', [{ id: 1000, text: 'Looks good to me.' }])
      await reporter.comment({ ...call, marker: 'one', body: 'first' })
      await reporter.comment({ ...call, marker: 'two', body: 'other' })
      await reporter.comment({ ...call, marker: 'one', body: 'second' })
      const before = host.writes().length
      await reporter.comment({ ...call, marker: 'one', body: 'second' })
      expect(host.writes()).toHaveLength(before)
      const texts = host.comments.get('7')?.map(({ text }) => text.split('\n')[0])
      expect(texts).toEqual(['Looks good to me.', 'second', 'other'])
    }))

  it('tells a refusal from trouble that may pass', () =>
    withHost(async (host) => {
      const report = () => reporter.reportStatus({ ...said(name, host), state: 'pending' })
      host.interfere(() => ({ status: 403, body: { message: 'no right' } }))
      await expect(report()).rejects.toMatchObject({
        code: 'host_refused',
        message:
          'The git host answered 403 (no right). Give the account the right to write commit statuses and comments.',
      })
      host.interfere(() => ({ status: 503, body: { message: 'upgrading' } }))
      await expect(report()).rejects.toMatchObject({ code: 'host_unreachable' })
    }))
})

it.each(hosts)('says of a %s that is down that it cannot be reached', async (name) => {
  const host = await startTestHost()
  await host.close()
  await expect(reporter.reportStatus({ ...said(name, host), state: 'pending' })).rejects.toMatchObject({
    code: 'host_unreachable',
    message: 'The git host cannot be reached: ECONNREFUSED. Fairway tries again.',
  })
})

it('takes the end of a rate limit of GitHub for trouble that passes', () =>
  withHost(async (host) => {
    host.interfere(() => ({ status: 403, body: {}, headers: { 'x-ratelimit-remaining': '0' } }))
    await expect(reporter.reportStatus({ ...said('github', host), state: 'pending' })).rejects.toMatchObject({
      code: 'host_unreachable',
    })
  }))

it('follows no redirection with the token', () =>
  withHost(async (host) => {
    await withHost(async (other) => {
      host.interfere(() => ({ status: 307, headers: { location: `${other.url}/api/v1/x` } }))
      await expect(reporter.reportStatus({ ...said('gitea', host), state: 'pending' })).rejects.toMatchObject(
        {
          code: 'host_refused',
        },
      )
      expect(other.requests).toEqual([])
    })
  }))
