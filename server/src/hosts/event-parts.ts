import type { CommitOfEvent, GitEvent, GitHostName } from '@fairway/contract/resources/trigger-event'
import { textAt } from './read-value.ts'

/** The most commits kept of one event; git itself tells the rest. */
const MOST_COMMITS = 2048

/** Bitbucket shortens the commits of pull requests to 12 digits. */
const SHA = /^[0-9a-f]{12,40}$/
const ZEROS = /^0+$/

/** A commit id, or null for a missing one and for the zeros that stand for "nothing". */
export const shaOf = (text: string | undefined): string | null =>
  text !== undefined && SHA.test(text) && !ZEROS.test(text) ? text : null

/** The commits of a host's list, oldest first, by the field that holds the id. */
export const commitsOf = (list: readonly unknown[], shaField: string): CommitOfEvent[] =>
  list.slice(-MOST_COMMITS).flatMap((one) => {
    const sha = textAt(one, shaField)
    return sha === undefined ? [] : [{ sha, message: textAt(one, 'message', 10_000) ?? '' }]
  })

/** An event in which nothing but host and name is known. */
export const emptyEvent = (host: GitHostName, name: string): GitEvent => ({
  host,
  kind: 'other',
  name,
  repository: null,
  branch: null,
  before: null,
  after: null,
  commits: [],
  commitsComplete: true,
  headCommit: null,
  pullRequest: null,
  sender: null,
  forced: false,
})

/** What a full ref names. */
export function refOf(ref: string | undefined): { kind: 'branch' | 'tag'; name: string } | undefined {
  if (ref?.startsWith('refs/heads/')) return { kind: 'branch', name: ref.slice('refs/heads/'.length) }
  if (ref?.startsWith('refs/tags/')) return { kind: 'tag', name: ref.slice('refs/tags/'.length) }
  return undefined
}

/** The kind of a ref that moved, and the ref's name. */
export function movedRef(
  ref: ReturnType<typeof refOf>,
  after: string | null,
): Pick<GitEvent, 'kind' | 'branch'> {
  if (ref === undefined) return { kind: 'other', branch: null }
  if (ref.kind === 'tag') return { kind: 'tag', branch: ref.name }
  return { kind: after === null ? 'delete' : 'push', branch: ref.name }
}
