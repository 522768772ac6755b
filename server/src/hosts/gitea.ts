import type { GitEvent, PullRequestAction } from '@fairway/contract/resources/trigger-event'
import type { GitHost, Headers } from '../operations/triggers/git-host-port.ts'
import { commitsOf, emptyEvent, movedRef, refOf, shaOf } from './event-parts.ts'
import { isTrueAt, listAt, numberAt, objectAt, textAt, textsAt, valueAt } from './read-value.ts'
import { isHmacOf } from './signature.ts'

const URLS = ['clone_url', 'ssh_url', 'html_url']

const header = (headers: Headers, name: string): string | undefined =>
  headers[`x-gitea-${name}`] ?? headers[`x-forgejo-${name}`] ?? headers[`x-gogs-${name}`]

/** Gitea, Forgejo and Gogs. */
export const gitea: GitHost = {
  name: 'gitea',
  deliveryId: (headers) => header(headers, 'delivery'),
  verify: async (headers, rawBody, secret) => isHmacOf(rawBody, secret, header(headers, 'signature')),
  parse: (headers, body) => [parse(headers, body)],
}

function parse(headers: Headers, body: unknown): GitEvent {
  const name = header(headers, 'event') ?? 'unknown'
  const event = {
    ...emptyEvent('gitea', name),
    repository: repositoryOf(body),
    sender: textAt(body, 'sender.login') ?? null,
  }
  if (name === 'push') return pushOf(event, body)
  if (name === 'pull_request' || name === 'pull_request_sync') return pullRequestOf(event, body)
  return event
}

function repositoryOf(body: unknown): GitEvent['repository'] {
  const name = textAt(body, 'repository.full_name')
  return name === undefined ? null : { name, urls: textsAt(objectAt(body, 'repository'), URLS) }
}

function pushOf(event: GitEvent, body: unknown): GitEvent {
  const after = shaOf(textAt(body, 'after'))
  const commits = commitsOf(listAt(body, 'commits'), 'id').reverse()
  const [headCommit = null] = commitsOf([valueAt(body, 'head_commit')], 'id')
  return {
    ...event,
    ...movedRef(refOf(textAt(body, 'ref')), after),
    before: shaOf(textAt(body, 'before')),
    after,
    commits,
    commitsComplete: (numberAt(body, 'total_commits') ?? commits.length) <= commits.length,
    headCommit,
  }
}

const ACTIONS: Readonly<Record<string, PullRequestAction>> = {
  opened: 'opened',
  synchronized: 'updated',
  reopened: 'reopened',
  closed: 'closed',
}

/** A draft is a title that begins with one of these, unless the server was told others. */
const DRAFT = /^\s*(wip:|\[wip\]|draft:|\[draft\])/i

function pullRequestOf(event: GitEvent, body: unknown): GitEvent {
  const pull = objectAt(body, 'pull_request')
  const id = numberAt(pull, 'number')
  if (id === undefined) return event
  return {
    ...event,
    kind: 'pull_request',
    branch: textAt(pull, 'head.ref') ?? null,
    after: shaOf(textAt(pull, 'head.sha')),
    commitsComplete: false,
    pullRequest: {
      id,
      action: ACTIONS[textAt(body, 'action') ?? ''] ?? 'other',
      draft: isTrueAt(pull, 'draft') || DRAFT.test(textAt(pull, 'title') ?? ''),
      fromFork: textAt(pull, 'head.repo.full_name') !== textAt(pull, 'base.repo.full_name'),
      base: { branch: textAt(pull, 'base.ref') ?? '', sha: shaOf(textAt(pull, 'base.sha')) },
    },
  }
}
