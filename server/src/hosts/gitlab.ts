import type { GitEvent, PullRequestAction } from '@fairway/contract/resources/trigger-event'
import type { GitHost, Headers } from '../operations/triggers/git-host-port.ts'
import { commitsOf, emptyEvent, movedRef, refOf, shaOf } from './event-parts.ts'
import { isTrueAt, listAt, numberAt, objectAt, textAt, textsAt, valueAt } from './read-value.ts'
import { isSameSecret } from './signature.ts'

const URLS = ['git_http_url', 'git_ssh_url', 'web_url', 'http_url', 'ssh_url']

/** gitlab.com and self-managed GitLab. The secret is sent as it is, in a header. */
export const gitlab: GitHost = {
  name: 'gitlab',
  // Only the first stays the same when GitLab delivers again.
  deliveryId: (headers) => headers['idempotency-key'] ?? headers['x-gitlab-event-uuid'],
  verify: async (headers, _rawBody, secret) => isSameSecret(headers['x-gitlab-token'], secret),
  parse: (headers, body) => [parse(headers, body)],
}

function parse(headers: Headers, body: unknown): GitEvent {
  const kind = textAt(body, 'object_kind') ?? ''
  const event = {
    ...emptyEvent('gitlab', headers['x-gitlab-event'] ?? (kind || 'unknown')),
    repository: repositoryOf(body),
    sender: textAt(body, 'user_username') ?? textAt(body, 'user.username') ?? null,
  }
  // System hooks name pushes in `event_name`.
  if (kind === 'push' || kind === 'tag_push') return pushOf(event, body)
  if (kind === 'merge_request') return mergeRequestOf(event, body)
  return event
}

function repositoryOf(body: unknown): GitEvent['repository'] {
  const name = textAt(body, 'project.path_with_namespace')
  return name === undefined ? null : { name, urls: textsAt(objectAt(body, 'project'), URLS) }
}

function pushOf(event: GitEvent, body: unknown): GitEvent {
  const after = shaOf(textAt(body, 'after'))
  const commits = commitsOf(listAt(body, 'commits'), 'id')
  return {
    ...event,
    ...movedRef(refOf(textAt(body, 'ref')), after),
    before: shaOf(textAt(body, 'before')),
    after,
    commits,
    // At most 20 are listed.
    commitsComplete: (numberAt(body, 'total_commits_count') ?? 0) <= commits.length,
    headCommit: commits.find(({ sha }) => sha === after) ?? null,
  }
}

const ACTIONS: Readonly<Record<string, PullRequestAction>> = {
  open: 'opened',
  reopen: 'reopened',
  close: 'closed',
  merge: 'closed',
}

function mergeRequestOf(event: GitEvent, body: unknown): GitEvent {
  const merge = objectAt(body, 'object_attributes')
  const id = numberAt(merge, 'iid')
  if (id === undefined) return event
  const [headCommit = null] = commitsOf([valueAt(merge, 'last_commit')], 'id')
  return {
    ...event,
    kind: 'pull_request',
    branch: textAt(merge, 'source_branch') ?? null,
    before: shaOf(textAt(merge, 'oldrev')),
    after: shaOf(headCommit?.sha),
    commitsComplete: false,
    headCommit,
    pullRequest: {
      id,
      action: actionOf(body),
      draft: isTrueAt(merge, 'draft') || isTrueAt(merge, 'work_in_progress'),
      fromFork: numberAt(merge, 'source_project_id') !== numberAt(merge, 'target_project_id'),
      base: { branch: textAt(merge, 'target_branch') ?? '', sha: null },
    },
  }
}

/** An update is a push to the branch when it names the revision before; else a change of title, draft or labels. */
function actionOf(body: unknown): PullRequestAction {
  const action = textAt(body, 'object_attributes.action') ?? ''
  if (action !== 'update') return ACTIONS[action] ?? 'other'
  if (textAt(body, 'object_attributes.oldrev') !== undefined) return 'updated'
  return valueAt(body, 'changes.draft.current') === false ? 'ready' : 'other'
}
