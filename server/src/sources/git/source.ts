import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type { Checkout, Source } from '../../reconcile/builder-port.ts'
import { type CredentialsOf, noCredentials, withAccess } from './git-access.ts'
import { requireBranch, requireSha, requireUrl } from './git-location.ts'
import { unreachable } from './git-trouble.ts'
import { type GitResult, runGit } from './run-git.ts'

type CheckoutRequest = Parameters<Source['checkout']>[0]

// The whole history comes last: a server that refuses single commits may hold the commit anywhere.
const DEPTHS = ['--depth=1', '--depth=50', '--depth=1000', '--depth=2147483647'] as const

type Env = Readonly<Record<string, string>>

/** Repositories read with the system's git, signed in where an account is for their host. */
export function createGitSource(credentialsOf: CredentialsOf = noCredentials): Source {
  const signedIn = async <T>(url: string, work: (env: Env) => Promise<T>): Promise<T> =>
    withAccess(requireUrl(url), await credentialsOf(url), work)
  return {
    resolve: (request) => signedIn(request.url, (env) => resolve(request, env)),
    branches: (request) => signedIn(request.url, (env) => branches(request, env)),
    checkout: (request) => signedIn(request.url, (env) => checkout(request, env)),
  }
}

async function branches({ url, signal }: Parameters<Source['branches']>[0], env: Env) {
  const { stdout } = await listHeads({ url, signal, env }, undefined)
  return stdout.split('\n').flatMap((line) => {
    const [sha, ref] = line.split('\t')
    return sha && ref ? [{ name: ref.replace('refs/heads/', ''), sha }] : []
  })
}

async function resolve({ url, branch, signal }: Parameters<Source['resolve']>[0], env: Env) {
  const { stdout } = await listHeads({ url, signal, env }, `refs/heads/${requireBranch(branch)}`)
  const sha = stdout.split('\t')[0]
  if (sha) return { sha, message: await messageOf({ url, signal, env }, sha) }
  throw new FairwayError('commit_not_found', `The repository has no branch "${branch}".`)
}

type Remote = { url: string; signal: AbortSignal | undefined; env: Env }

/** Only fetching tells a commit's message: the commit alone, without files where the server can leave them out. */
async function messageOf({ url, signal, env }: Remote, sha: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fairway-commit-'))
  const git = (...args: string[]) => runGit({ args, cwd: directory, signal, env })
  try {
    await must(git('init', '--quiet', '--bare'))
    const fetched = await git('fetch', '--quiet', '--no-tags', '--depth=1', '--filter=tree:0', '--', url, sha)
    // A server that hands out no single commits: the build's own fetch will find the message.
    if (!fetched.ok) return ''
    return (await must(git('log', '-1', '--format=%B', sha, '--'))).stdout.trim()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function listHeads({ url, signal, env }: Remote, ref: string | undefined): Promise<GitResult> {
  const args = ['ls-remote', '--heads', '--', url, ...(ref === undefined ? [] : [ref])]
  const result = await runGit({ args, signal, env })
  if (!result.ok) throw unreachable(result)
  return result
}

async function checkout(request: CheckoutRequest, env: Env): Promise<Checkout> {
  const { into, signal } = request
  const url = requireUrl(request.url)
  const branch = requireBranch(request.branch)
  const sha = requireSha(request.sha)
  const directory = await mkdtemp(join(into, 'checkout-'))
  const cleanUp = () => rm(directory, { recursive: true, force: true })
  const git = (...args: string[]) => runGit({ args, cwd: directory, signal, env })
  try {
    await must(git('init', '--quiet'))
    await must(git('remote', 'add', '--', 'origin', url))
    await fetchCommit(git, { sha, branch, log: request.log })
    await must(git('checkout', '--quiet', '--detach', sha, '--'))
    const { stdout: message } = await must(git('log', '-1', '--format=%B', sha, '--'))
    return { directory, sha, branch, message: message.trim(), cleanUp }
  } catch (error) {
    await cleanUp()
    throw error
  }
}

type Git = (...args: string[]) => Promise<GitResult>

async function fetchCommit(
  git: Git,
  { sha, branch, log }: { sha: string; branch: string; log: (line: string) => void },
): Promise<void> {
  log(`Fetching commit ${sha}`)
  if ((await git('fetch', '--quiet', '--no-tags', '--depth=1', '--', 'origin', sha)).ok) return
  log('The server does not hand out single commits; fetching the branch')
  for (const depth of DEPTHS) {
    const fetched = await git('fetch', '--quiet', '--no-tags', depth, '--', 'origin', `refs/heads/${branch}`)
    if (!fetched.ok) throw fetchFailure(fetched, branch)
    if ((await git('cat-file', '-e', `${sha}^{commit}`)).ok) return
  }
  throw new FairwayError('commit_not_found', `The branch "${branch}" holds no commit ${sha}.`)
}

function fetchFailure(result: GitResult, branch: string): FairwayError {
  if (!/couldn't find remote ref/i.test(result.stderr)) return unreachable(result)
  return new FairwayError('commit_not_found', `The repository has no branch "${branch}" any more.`)
}

async function must(call: Promise<GitResult>): Promise<GitResult> {
  const result = await call
  if (result.ok) return result
  if (/No space left on device/i.test(result.stderr)) {
    throw new FairwayError('disk_full', 'The disk is full. Make room and build again.')
  }
  throw unreachable(result)
}
