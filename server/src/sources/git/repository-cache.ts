import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../../lib/has-code.ts'
import { type GitResult, runGit } from './run-git.ts'

/** A bare clone that holds commits and folders, no files. */
export type CachedRepository = {
  git(args: readonly string[], input?: string): Promise<GitResult>
  /** Fetches commits by id, each with `depth - 1` of its parents. */
  fetch(refspecs: readonly string[], depth: number): Promise<GitResult>
}

type Access = { url: string; env: Readonly<Record<string, string>>; signal: AbortSignal }

/** Each fetch leaves a pack; with so many it is quicker to begin anew. */
const MOST_PACK_FILES = 600

/** The clones below `root`, one a URL. Work on the same one waits in line. */
export function createRepositoryCache(root: string) {
  const lines = new Map<string, Promise<unknown>>()

  async function inLine<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const before = lines.get(folder)
    const mine = before === undefined ? work() : before.then(work, work)
    lines.set(folder, mine)
    try {
      return await mine
    } finally {
      if (lines.get(folder) === mine) lines.delete(folder)
    }
  }

  return {
    use<T>(access: Access, work: (repository: CachedRepository) => Promise<T>): Promise<T> {
      const folder = join(root, createHash('sha256').update(access.url).digest('hex').slice(0, 32))
      return inLine(folder, async () => {
        await prepare(folder, access)
        return work(repositoryIn(folder, access))
      })
    },
  }
}

async function prepare(folder: string, { url, signal }: Access): Promise<void> {
  const packs = await namesIn(join(folder, 'objects', 'pack'))
  if (packs !== undefined && packs.length < MOST_PACK_FILES) return
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await runGit({ args: ['init', '--quiet', '--bare'], cwd: folder, signal })
  await runGit({ args: ['config', 'remote.origin.url', url], cwd: folder, signal })
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function repositoryIn(folder: string, { env, signal }: Access): CachedRepository {
  const git: CachedRepository['git'] = (args, input) => runGit({ args, cwd: folder, signal, input })
  return {
    git,
    fetch: async (refspecs, depth) => {
      const options = [
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        `--depth=${depth}`,
        '--filter=blob:none',
      ]
      const args = ['fetch', ...options, '--', 'origin', ...refspecs]
      const fetched = await runGit({ args, cwd: folder, signal, env })
      // What is missing stays missing: git would otherwise fetch it behind our back, one by one.
      for (const name of ['promisor', 'partialclonefilter'])
        await git(['config', '--unset', `remote.origin.${name}`])
      return fetched
    },
  }
}
