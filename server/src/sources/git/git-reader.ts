import { FairwayError } from '@fairway/contract/errors'
import type { CommitOfEvent } from '@fairway/contract/resources/trigger-event'
import type { Changes, CompareRequest, GitReader } from '../../reconcile/git-port.ts'
import { type CredentialsOf, withAccess } from './git-access.ts'
import { requireBranch, requireSha, requireUrl } from './git-location.ts'
import { unreachable } from './git-trouble.ts'
import { type CachedRepository, createRepositoryCache } from './repository-cache.ts'
import { runGit } from './run-git.ts'

/** How far back messages are read when a host left commits out. */
const MOST_COMMITS = 200
const WHOLE_HISTORY = 2_147_483_647

/** Reads repositories with the system's git, into bare clones below `root`. */
export function createGitReader({
  root,
  credentialsOf,
}: {
  root: string
  credentialsOf: CredentialsOf
}): GitReader {
  const cache = createRepositoryCache(root)
  return {
    compare: async (request) => {
      const url = requireUrl(request.url)
      requireBranch(request.branch)
      requireSha(request.after)
      const { signal } = request
      return withAccess(url, await credentialsOf(url), (env) =>
        cache.use({ url, env, signal }, (repository) => compare(repository, request)),
      )
    },
    heads: async ({ url, signal }) => {
      const args = ['ls-remote', '--heads', '--', requireUrl(url)]
      const listed = await withAccess(url, await credentialsOf(url), (env) => runGit({ args, signal, env }))
      if (!listed.ok) throw unreachable(listed)
      return new Map(
        listed.stdout.split('\n').flatMap((line): [string, string][] => {
          const [sha, ref] = line.split('\t')
          return sha && ref ? [[ref.replace('refs/heads/', ''), sha]] : []
        }),
      )
    },
  }
}

async function compare(
  repository: CachedRepository,
  { branch, after, bases, messages }: CompareRequest,
): Promise<{ changes: Changes; commits: CommitOfEvent[] }> {
  const wanted = [...new Set(bases.map(requireSha))]
  const before = messages.of === 'range' && messages.before !== null ? [requireSha(messages.before)] : []
  await fetchAfter(repository, { branch, after, depth: before.length === 0 ? 1 : MOST_COMMITS })
  await fetchBases(repository, [...wanted, ...before])
  const commits =
    messages.of === 'none'
      ? []
      : await messagesOf(repository, after, messages.of === 'range' ? before[0] : undefined)
  return { changes: await differences(repository, wanted, after), commits }
}

/** A name for a commit in the clone, so that later fetches need not bring it again. */
const keep = (sha: string): string => `+${sha}:refs/keep/${sha}`

async function fetchAfter(
  repository: CachedRepository,
  { branch, after, depth }: { branch: string; after: string; depth: number },
): Promise<void> {
  if (depth === 1 && (await treesOf(repository, [after])).has(after)) return
  const fetched = await repository.fetch([keep(after)], depth)
  if (fetched.ok) return
  // A server that hands out no single commits, or one that has lost the commit: its branch tells.
  const whole = await repository.fetch([`+refs/heads/${branch}:refs/tips/${branch}`], WHOLE_HISTORY)
  if ((await treesOf(repository, [after])).has(after)) return
  if (!whole.ok && !/couldn't find remote ref/i.test(whole.stderr)) throw unreachable(whole)
  throw new FairwayError('commit_not_found', `The branch "${branch}" holds no commit ${after}.`)
}

/** One fetch for all; when one of them is gone from the server, each by itself. */
async function fetchBases(repository: CachedRepository, bases: readonly string[]): Promise<void> {
  const known = await treesOf(repository, bases)
  const missing = [...new Set(bases)].filter((sha) => !known.has(sha))
  if (missing.length === 0) return
  const fetched = await repository.fetch(missing.map(keep), 1)
  if (fetched.ok || missing.length === 1) return
  for (const sha of missing.slice(0, 20)) await repository.fetch([keep(sha)], 1)
}

/** The trees of those commits that the clone holds. */
async function treesOf(repository: CachedRepository, shas: readonly string[]): Promise<Map<string, string>> {
  if (shas.length === 0) return new Map()
  const input = shas.map((sha) => `${sha}^{tree}\n`).join('')
  const { stdout } = await repository.git(['cat-file', '--batch-check=%(objecttype) %(objectname)'], input)
  const lines = stdout.split('\n')
  return new Map(
    shas.flatMap((sha, index): [string, string][] => {
      const [type, tree] = lines[index]?.split(' ') ?? []
      return type === 'tree' && tree !== undefined ? [[sha, tree]] : []
    }),
  )
}

/** All differences by one process. Without renames: a moved file counts under both of its names. */
async function differences(
  repository: CachedRepository,
  bases: readonly string[],
  after: string,
): Promise<Changes> {
  const trees = await treesOf(repository, [...bases, after])
  const target = trees.get(after)
  const pairs = bases.flatMap((base) => {
    const tree = trees.get(base)
    return tree === undefined || target === undefined ? [] : [{ base, header: `${tree} ${target}\n` }]
  })
  const changes = new Map<string, string[] | undefined>(bases.map((base) => [base, undefined]))
  if (pairs.length === 0) return changes
  const args = ['diff-tree', '--stdin', '-r', '-z', '--name-only', '--no-renames']
  const found = await repository.git(args, pairs.map(({ header }) => header).join(''))
  if (!found.ok) throw unreachable(found)
  let rest = found.stdout
  for (const [index, { base, header }] of pairs.entries()) {
    const next = pairs[index + 1]?.header
    const end = next === undefined ? rest.length : endOf(rest, header.length, next)
    changes.set(base, rest.slice(header.length, end).split('\0').filter(Boolean))
    rest = rest.slice(end)
  }
  return changes
}

/** Where the next pair begins: right after a name's end, or at once when nothing differs. */
function endOf(text: string, from: number, header: string): number {
  if (text.startsWith(header, from)) return from
  const found = text.indexOf(`\0${header}`, from)
  return found === -1 ? text.length : found + 1
}

/** Oldest first. */
async function messagesOf(
  repository: CachedRepository,
  after: string,
  before: string | undefined,
): Promise<CommitOfEvent[]> {
  const range =
    before !== undefined && (await treesOf(repository, [before])).has(before)
      ? [`--max-count=${MOST_COMMITS}`, after, `^${before}`]
      : ['--max-count=1', after]
  const { stdout } = await repository.git(['log', '-z', '--format=%H%n%B', ...range, '--'], '')
  return stdout
    .split('\0')
    .filter(Boolean)
    .map((text) => ({ sha: text.slice(0, 40), message: text.slice(41).trim().slice(0, 10_000) }))
    .reverse()
}
