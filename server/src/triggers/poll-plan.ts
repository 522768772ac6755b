import type { GitEvent } from '@fairway/contract/resources/trigger-event'

type Refs = Readonly<Record<string, string>>

/** The pushes between two looks at a repository, as far as they can be told: a branch's old and new tip. */
export function pushesBetween(
  { name, urls }: { name: string; urls: readonly string[] },
  old: Refs,
  now: Refs,
): GitEvent[] {
  const branches = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()
  return branches.flatMap((branch) => {
    const before = refOf(old, branch)
    const after = refOf(now, branch)
    if (before === after) return []
    return [
      {
        host: 'generic',
        kind: after === null ? 'delete' : 'push',
        name: 'poll',
        repository: { name, urls: [...urls] },
        branch,
        before,
        after,
        commits: [],
        commitsComplete: false,
        headCommit: null,
        pullRequest: null,
        sender: null,
        forced: false,
      },
    ]
  })
}

const refOf = (refs: Refs, branch: string): string | null =>
  Object.hasOwn(refs, branch) ? (refs[branch] ?? null) : null
