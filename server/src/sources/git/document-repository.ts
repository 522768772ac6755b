import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { gitopsFilePath } from '@fairway/contract/resources/gitops'
import type {
  BranchRequest,
  DocumentRepository,
  FileCommit,
  OpenBranch,
  PushResult,
  RemoteFile,
} from '../../reconcile/gitops-port.ts'
import { type CredentialsOf, withAccess } from './git-access.ts'
import { requireBranch, requireUrl } from './git-location.ts'
import { unreachable } from './git-trouble.ts'
import { type GitResult, runGit } from './run-git.ts'

type Options = { root: string; credentialsOf: CredentialsOf; maxBytes: number }
type Git = (
  args: readonly string[],
  more?: { input?: string; env?: Record<string, string> },
) => Promise<GitResult>
/** A bare clone of one commit; files come when they are asked for, where the server can leave them out. */
type Clone = { git: Git; request: BranchRequest; sha: string; maxBytes: number; directory: string }

const COMMITTER = { GIT_COMMITTER_NAME: 'Fairway', GIT_COMMITTER_EMAIL: 'fairway@localhost' }

/** Files of repositories by the system's git, in clones below `root` that last as long as the work on them. */
export function createDocumentRepository(options: Options): DocumentRepository {
  let emptied: Promise<unknown> | undefined
  return {
    withBranch: async (request, work) => {
      const url = requireUrl(request.url)
      requireBranch(request.branch)
      // What a process that was killed left behind.
      emptied ??= rm(options.root, { recursive: true, force: true })
      await emptied
      const credentials = await options.credentialsOf(url)
      return withAccess(url, credentials, (env) => inClone({ ...options, request, env }, work))
    },
  }
}

type Access = Options & { request: BranchRequest; env: Readonly<Record<string, string>> }

async function inClone<T>(
  { root, maxBytes, request, env }: Access,
  work: (branch: OpenBranch) => Promise<T>,
): Promise<T> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  const directory = await mkdtemp(join(root, 'clone-'))
  const git: Git = (args, more = {}) =>
    runGit({ args, cwd: directory, signal: request.signal, input: more.input, env: { ...env, ...more.env } })
  try {
    const sha = await fetchTip(git, request)
    const clone = { git, request, sha, maxBytes, directory }
    const author = (await must(git(['log', '-1', '--format=%an', sha, '--']))).stdout
    return await work({
      sha,
      author,
      file: await readFile(clone),
      commit: (change) => commitFile(clone, change),
      push: (commit) => push(clone, commit),
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function fetchTip(git: Git, { url, branch }: BranchRequest): Promise<string> {
  await must(git(['init', '--quiet', '--bare']))
  await must(git(['remote', 'add', '--', 'origin', url]))
  const options = ['--quiet', '--no-tags', '--depth=1', '--filter=blob:none']
  const ref = `+refs/heads/${branch}:refs/tip`
  const fetched = await git(['fetch', ...options, '--', 'origin', ref])
  if (fetched.ok) return (await must(git(['rev-parse', '--verify', 'refs/tip']))).stdout
  if (!/couldn't find remote ref/i.test(fetched.stderr)) throw unreachable(fetched)
  throw new FairwayError('commit_not_found', `The repository has no branch "${branch}".`)
}

const relative = (path: string): string => {
  const checked = gitopsFilePath.safeParse(path)
  if (!checked.success)
    throw new FairwayError('invalid_path', 'The path of the file is not one that git may be given.')
  return checked.data.slice(1)
}

const REGULAR = ['100644', '100755']

type Entry = { mode: string; type: string; blob: string }

/** What the tree holds at a path. git follows no symbolic links here. */
async function entryAt({ git, sha }: Clone, path: string): Promise<Entry | undefined> {
  const { stdout } = await must(git(['ls-tree', '-z', '--full-tree', sha, '--', path]))
  const match = /^(\d+) (\w+) ([0-9a-f]+)\t/.exec(stdout)
  if (match === null) return undefined
  const [, mode = '', type = '', blob = ''] = match
  return { mode, type, blob }
}

async function readFile(clone: Clone): Promise<RemoteFile> {
  const path = relative(clone.request.path)
  const parts = path.split('/')
  for (let count = 1; count < parts.length; count += 1) {
    const folder = parts.slice(0, count).join('/')
    const entry = await entryAt(clone, folder)
    if (entry === undefined) return { kind: 'absent' }
    if (entry.type !== 'tree')
      return { kind: 'refused', blob: entry.blob, why: `/${folder} is not a folder.` }
  }
  const entry = await entryAt(clone, path)
  if (entry === undefined) return { kind: 'absent' }
  if (REGULAR.includes(entry.mode)) return readBlob(clone, entry.blob)
  const what = entry.mode === '120000' ? 'a symbolic link, which is not followed' : 'not a file'
  return { kind: 'refused', blob: entry.blob, why: `/${path} is ${what}.` }
}

async function readBlob({ git, maxBytes, request }: Clone, blob: string): Promise<RemoteFile> {
  const bytes = Number((await must(git(['cat-file', '-s', blob]))).stdout)
  if (bytes > maxBytes) {
    const why = `${request.path} has ${bytes} bytes; a document may have ${maxBytes}.`
    return { kind: 'refused', blob, why }
  }
  // With an input, the last line end stays.
  const { stdout } = await must(git(['cat-file', 'blob', blob], { input: '' }))
  return { kind: 'file', blob, text: stdout }
}

/** The same change on the same tip is the same commit: its time and author come from what is committed. */
async function commitFile(clone: Clone, { text, message, author, at }: FileCommit) {
  const { git, sha, directory } = clone
  const path = relative(clone.request.path)
  const index = { GIT_INDEX_FILE: join(directory, 'document-index') }
  const blob = (await must(git(['hash-object', '-w', '--stdin'], { input: text }))).stdout.trim()
  const mode = (await entryAt(clone, path))?.mode === '100755' ? '100755' : '100644'
  await must(git(['read-tree', sha], { env: index }))
  await must(git(['update-index', '--add', '--cacheinfo', `${mode},${blob},${path}`], { env: index }))
  const tree = (await must(git(['write-tree', '--missing-ok'], { env: index }))).stdout
  const date = `${Math.floor(at.getTime() / 1000)} +0000`
  const env = {
    ...COMMITTER,
    GIT_AUTHOR_NAME: nameOf(author),
    GIT_AUTHOR_EMAIL: 'fairway@localhost',
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date,
  }
  const made = await must(git(['commit-tree', tree, '-p', sha, '-F', '-'], { input: message, env }))
  return { commit: made.stdout.trim(), blob }
}

/** What git takes as a name: it drops these itself, and fails when nothing is left. */
const nameOf = (author: string): string => {
  const name = author.replaceAll(/[<>\p{Cc}]/gu, ' ').trim()
  return /[\p{L}\p{N}]/u.test(name) ? name : 'Fairway'
}

async function push({ git, sha, request }: Clone, commit: string): Promise<PushResult> {
  const ref = `refs/heads/${request.branch}`
  const options = ['--quiet', '--porcelain', '--no-verify', `--force-with-lease=${ref}:${sha}`]
  const pushed = await git(['push', ...options, '--', 'origin', `${commit}:${ref}`])
  if (pushed.ok) return { ok: true }
  const moved =
    /\((stale info|fetch first|non-fast-forward|incorrect old value|failed to update ref)[^)]*\)|cannot lock ref/i.test(
      `${pushed.stdout}\n${pushed.stderr}`,
    )
  return { ok: false, moved, why: whyOf(pushed) }
}

/** What the server's hooks or the host said, else what git said. */
function whyOf({ stdout, stderr }: GitResult): string {
  const lines = stderr.split('\n')
  const remote = lines.find((line) => /^remote: \s*\S/.test(line))?.replace(/^remote:\s*/, '')
  const refused = /^!\t[^\t]*\t(.*)$/m.exec(stdout)?.[1]
  const fatal = lines.find((line) => /^(fatal|error|ERROR|ssh)/.test(line))
  return (remote ?? refused ?? fatal ?? 'git ended without a message').trim().slice(0, 500)
}

async function must(call: Promise<GitResult>): Promise<GitResult> {
  const result = await call
  if (!result.ok) throw unreachable(result)
  return result
}
