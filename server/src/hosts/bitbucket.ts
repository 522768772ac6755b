import type { GitEvent, PullRequestAction } from '@fairway/contract/resources/trigger-event'
import type { GitHost, Headers } from '../operations/triggers/git-host-port.ts'
import { pullRequestOfServer, pushesOfServer } from './bitbucket-server.ts'
import { commitsOf, emptyEvent, movedRef, shaOf } from './event-parts.ts'
import { isTrueAt, listAt, numberAt, textAt, textsAt, valueAt } from './read-value.ts'
import { isHmacOf } from './signature.ts'

/** Bitbucket Cloud, and Bitbucket Data Center, whose payloads are of another shape. */
export const bitbucket: GitHost = {
  name: 'bitbucket',
  deliveryId: (headers) => headers['x-request-uuid'] ?? headers['x-request-id'],
  verify: async (headers, rawBody, secret) => isHmacOf(rawBody, secret, headers['x-hub-signature']),
  parse,
}

function parse(headers: Headers, body: unknown): [GitEvent, ...GitEvent[]] {
  const name = headers['x-event-key'] ?? 'unknown'
  const fullName = textAt(body, 'repository.full_name')
  const event: GitEvent = {
    ...emptyEvent('bitbucket', name),
    repository: fullName === undefined ? null : { name: fullName, urls: urlsOf(fullName, body) },
    sender: textAt(body, 'actor.nickname') ?? textAt(body, 'actor.name') ?? null,
  }
  if (name === 'diagnostics:ping') return [{ ...event, kind: 'ping' }]
  if (name === 'repo:push')
    return atLeast(
      event,
      listAt(body, 'push.changes').map((one) => pushOf(event, one)),
    )
  if (name === 'repo:refs_changed') return atLeast(event, pushesOfServer(event, body))
  if (name.startsWith('pullrequest:')) return [pullRequestOf(event, body)]
  if (name.startsWith('pr:')) return [pullRequestOfServer(event, body)]
  return [event]
}

const atLeast = (event: GitEvent, [first, ...rest]: GitEvent[]): [GitEvent, ...GitEvent[]] =>
  first === undefined ? [event] : [first, ...rest]

const urlsOf = (name: string, body: unknown): string[] => {
  const page = textsAt(body, ['repository.links.html.href'])
  // The payload names the page only; both clone URLs follow from the name.
  return [...new Set([...page, `https://bitbucket.org/${name}`])]
}

function pushOf(event: GitEvent, change: unknown): GitEvent {
  const after = shaOf(textAt(change, 'new.target.hash'))
  const side = valueAt(change, 'new') === null ? 'old' : 'new'
  const kind = textAt(change, `${side}.type`)
  const name = textAt(change, `${side}.name`)
  const known = name !== undefined && (kind === 'branch' || kind === 'tag')
  const [headCommit = null] = commitsOf([valueAt(change, 'new.target')], 'hash')
  return {
    ...event,
    ...movedRef(known ? { kind, name } : undefined, after),
    before: shaOf(textAt(change, 'old.target.hash')),
    after,
    // Newest first there, and at most five.
    commits: commitsOf(listAt(change, 'commits'), 'hash').reverse(),
    commitsComplete: !isTrueAt(change, 'truncated'),
    headCommit,
    forced: isTrueAt(change, 'forced'),
  }
}

const ACTIONS: Readonly<Record<string, PullRequestAction>> = {
  'pullrequest:created': 'opened',
  'pullrequest:updated': 'updated',
  'pullrequest:fulfilled': 'closed',
  'pullrequest:rejected': 'closed',
}

function pullRequestOf(event: GitEvent, body: unknown): GitEvent {
  const id = numberAt(body, 'pullrequest.id')
  if (id === undefined) return event
  const end = (side: string, field: string) => textAt(body, `pullrequest.${side}.${field}`)
  return {
    ...event,
    kind: 'pull_request',
    branch: end('source', 'branch.name') ?? null,
    after: shaOf(end('source', 'commit.hash')),
    commitsComplete: false,
    pullRequest: {
      id,
      action: ACTIONS[event.name] ?? 'other',
      draft: isTrueAt(body, 'pullrequest.draft'),
      fromFork: end('source', 'repository.full_name') !== end('destination', 'repository.full_name'),
      base: {
        branch: end('destination', 'branch.name') ?? '',
        sha: shaOf(end('destination', 'commit.hash')),
      },
    },
  }
}
