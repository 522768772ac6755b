import type { GitEvent, PullRequestAction } from '@fairway/contract/resources/trigger-event'
import { movedRef, refOf, shaOf } from './event-parts.ts'
import { isTrueAt, listAt, numberAt, textAt } from './read-value.ts'

/** `PROJECT/slug` and the clone URLs of a repository object of Bitbucket Data Center. */
function repositoryOf(body: unknown, path: string): GitEvent['repository'] {
  const slug = textAt(body, `${path}.slug`)
  if (slug === undefined) return null
  const urls = listAt(body, `${path}.links.clone`).flatMap((link) => textAt(link, 'href') ?? [])
  return { name: `${textAt(body, `${path}.project.key`) ?? ''}/${slug}`, urls }
}

/** One event for each branch or tag of `repo:refs_changed`. It lists no commits. */
export const pushesOfServer = (event: GitEvent, body: unknown): GitEvent[] =>
  listAt(body, 'changes').map((change) => {
    const after = shaOf(textAt(change, 'toHash'))
    return {
      ...event,
      ...movedRef(refOf(textAt(change, 'refId')), after),
      repository: repositoryOf(body, 'repository'),
      before: shaOf(textAt(change, 'fromHash')),
      after,
      commitsComplete: false,
    }
  })

const ACTIONS: Readonly<Record<string, PullRequestAction>> = {
  'pr:opened': 'opened',
  'pr:from_ref_updated': 'updated',
  'pr:merged': 'closed',
  'pr:declined': 'closed',
  'pr:deleted': 'closed',
}

export function pullRequestOfServer(event: GitEvent, body: unknown): GitEvent {
  const id = numberAt(body, 'pullRequest.id')
  if (id === undefined) return event
  const end = (side: string, field: string) => textAt(body, `pullRequest.${side}.${field}`)
  return {
    ...event,
    kind: 'pull_request',
    repository: repositoryOf(body, 'pullRequest.toRef.repository'),
    branch: end('fromRef', 'displayId') ?? null,
    after: shaOf(end('fromRef', 'latestCommit')),
    commitsComplete: false,
    pullRequest: {
      id,
      action: ACTIONS[event.name] ?? 'other',
      draft: isTrueAt(body, 'pullRequest.draft'),
      fromFork:
        numberAt(body, 'pullRequest.fromRef.repository.id') !==
        numberAt(body, 'pullRequest.toRef.repository.id'),
      base: { branch: end('toRef', 'displayId') ?? '', sha: shaOf(end('toRef', 'latestCommit')) },
    },
  }
}
