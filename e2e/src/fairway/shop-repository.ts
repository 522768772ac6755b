import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const examples = join(dirname(fileURLToPath(import.meta.url)), '../../../examples')
const author = ['-c', 'user.name=Shop', '-c', 'user.email=shop@example.com', '-c', 'commit.gpgsign=false']

/** The example shop as a git repository. */
export type ShopRepository = {
  url: string
  folder: string
  /** Commits the second version, which needs a migration. Answers the sha. */
  commitSecond(): string
  /** Commits whatever `change` did to the work tree. */
  commit(message: string, change: (folder: string) => void): string
  head(): string
}

/** Makes the repository with its first commit on `main`. */
export function createShopRepository(folder: string): ShopRepository {
  mkdirSync(folder, { recursive: true })
  const git = (...args: string[]): string =>
    execFileSync('git', [...author, ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  const commit = (message: string, change: (folder: string) => void): string => {
    change(folder)
    git('add', '-A')
    git('commit', '-q', '-m', message)
    return git('rev-parse', 'HEAD')
  }
  git('init', '-q', '-b', 'main')
  commit('Open the shop', () => cpSync(join(examples, 'shop/first'), folder, { recursive: true }))
  return {
    url: `file://${folder}`,
    folder,
    commit,
    commitSecond: () =>
      commit('Sell in a currency', () => cpSync(join(examples, 'shop/second'), folder, { recursive: true })),
    head: () => git('rev-parse', 'HEAD'),
  }
}

export const flowFile = (name: 'staging' | 'production'): string => join(examples, `flows/${name}.json`)
