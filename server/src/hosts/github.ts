import type { GitEvent, PullRequestAction } from '@fairway/contract/resources/trigger-event'
import { verify as verifySignature } from '@octokit/webhooks-methods'
import type { GitHost, Headers } from '../operations/triggers/git-host-port.ts'
import { commitsOf, emptyEvent, movedRef, refOf, shaOf } from './event-parts.ts'
import { isTrueAt, listAt, numberAt, objectAt, textAt, textsAt, valueAt } from './read-value.ts'

const URLS = ['clone_url', 'ssh_url', 'html_url', 'git_url', 'svn_url']

/** github.com and GitHub Enterprise Server. */
export const github: GitHost = {
  name: 'github',
  deliveryId: (headers) => headers['x-github-delivery'],
  verify,
  parse: (headers, body) => [parse(headers, body)],
}

async function verify(headers: Headers, rawBody: Buffer, secret: string): Promise<boolean> {
  const signature = headers['x-hub-signature-256']
  if (signature === undefined || signature === '' || rawBody.length === 0) return false
  return verifySignature(secret, rawBody.toString('utf8'), signature)
}

function parse(headers: Headers, body: unknown): GitEvent {
  const name = headers['x-github-event'] ?? 'unknown'
  const event = {
    ...emptyEvent('github', name),
    repository: repositoryOf(body),
    sender: textAt(body, 'sender.login') ?? null,
  }
  if (name === 'ping') return { ...event, kind: 'ping' }
  if (name === 'push') return pushOf(event, body)
  if (name === 'pull_request') return pullRequestOf(event, body)
  return event
}

function repositoryOf(body: unknown): GitEvent['repository'] {
  const name = textAt(body, 'repository.full_name')
  return name === undefined ? null : { name, urls: textsAt(objectAt(body, 'repository'), URLS) }
}

function pushOf(event: GitEvent, body: unknown): GitEvent {
  const after = isTrueAt(body, 'deleted') ? null : shaOf(textAt(body, 'after'))
  const commits = commitsOf(listAt(body, 'commits'), 'id')
  const [headCommit = null] = commitsOf([valueAt(body, 'head_commit')], 'id')
  return {
    ...event,
    ...movedRef(refOf(textAt(body, 'ref')), after),
    before: shaOf(textAt(body, 'before')),
    after,
    commits,
    // The list ends at 2048 commits; some servers end it at 20.
    commitsComplete: commits.length < 20,
    headCommit,
    forced: isTrueAt(body, 'forced'),
  }
}

const ACTIONS: Readonly<Record<string, PullRequestAction>> = {
  opened: 'opened',
  synchronize: 'updated',
  reopened: 'reopened',
  ready_for_review: 'ready',
  closed: 'closed',
}

function pullRequestOf(event: GitEvent, body: unknown): GitEvent {
  const pull = objectAt(body, 'pull_request')
  const id = numberAt(pull, 'number')
  if (id === undefined) return event
  const after = shaOf(textAt(pull, 'head.sha'))
  return {
    ...event,
    kind: 'pull_request',
    branch: textAt(pull, 'head.ref') ?? null,
    before: shaOf(textAt(body, 'before')),
    after,
    // The payload names no commits.
    commitsComplete: false,
    pullRequest: {
      id,
      action: ACTIONS[textAt(body, 'action') ?? ''] ?? 'other',
      draft: isTrueAt(pull, 'draft'),
      // A fork that was deleted has no repository any more.
      fromFork: textAt(pull, 'head.repo.full_name') !== textAt(pull, 'base.repo.full_name'),
      base: { branch: textAt(pull, 'base.ref') ?? '', sha: shaOf(textAt(pull, 'base.sha')) },
    },
  }
}
