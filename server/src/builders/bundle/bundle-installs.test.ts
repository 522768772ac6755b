import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noCrashPoints } from '../../lib/crash-point.ts'
import { createBundleBuilder } from './bundle-builder.ts'
import { removeReadOnly } from './bundle-store.ts'
import { PNPM_LOCK, packageWith, YARN_1_LOCK, YARN_4_LOCK } from './test-lock-files.ts'
import { type PackageRegistry, packageRegistry } from './test-package-registry.ts'

let root = ''
let directory = ''
let lines: string[] = []
let registry: PackageRegistry

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairway-managers-'))
  directory = join(root, 'checkout')
  await mkdir(directory)
  lines = []
  registry = await packageRegistry()
})
afterEach(async () => {
  registry.close()
  await removeReadOnly(root)
})

/** Each build in a place of its own, as on another machine. */
async function build(
  tree: Record<string, string>,
  place = 'artifacts',
  settings: Record<string, string> = {},
) {
  await rm(directory, { recursive: true })
  await mkdir(directory)
  for (const [path, text] of Object.entries(tree)) await writeFile(join(directory, path), text)
  const builder = createBundleBuilder({
    root: join(root, place),
    npmCache: join(root, 'npm-cache'),
    timeoutSeconds: 60,
    crash: noCrashPoints,
  })
  const built = await builder.build({
    owner: { projectId: 'test', ownerId: 'app' },
    secrets: {},
    limits: {},
    context: '/',
    checkout: { directory, sha: 'a'.repeat(40), branch: 'main', message: '', cleanUp: async () => undefined },
    arguments: { NODE_ENV: 'production', ...settings },
    files: [],
    log: (line) => void lines.push(line),
    signal: new AbortController().signal,
  })
  const artifact = await builder.locate(built.digest)
  if (artifact?.kind !== 'bundle') throw new Error('no bundle')
  return { digest: built.digest, path: artifact.path }
}

/** The build needs the development dependency, and starts the package manager within a script. */
const scripts = (manager: string) => ({
  start: 'node -p 1',
  build: `${manager} run inner && node -e "require('is-number')"`,
  inner: `${manager} --version > seen`,
})

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

describe.each([
  {
    of: 'pnpm',
    manager: 'pnpm',
    file: 'pnpm-lock.yaml',
    lock: PNPM_LOCK,
    version: '10.33.0',
    words: 'ERR_PNPM_OUTDATED_LOCKFILE',
    asks: /^pnpm\/.* \/semver/m,
  },
  {
    of: 'yarn 1',
    manager: 'yarn',
    file: 'yarn.lock',
    lock: YARN_1_LOCK,
    version: '1.22.22',
    words: 'needs to be updated',
    asks: /^npm\/.* \/yarn\/-\/yarn-1/m,
  },
  {
    of: 'yarn 4',
    manager: 'yarn',
    file: 'yarn.lock',
    lock: YARN_4_LOCK,
    version: '4.9.2',
    words: 'lockfile would have been modified',
    asks: /^got \/semver/m,
  },
])(
  'bundles of repositories with a lock file of $of',
  { timeout: 60_000 },
  ({ manager, file, lock, version, words, asks }) => {
    it('hold the versions that it names without development dependencies, and the same digest from another registry', async () => {
      const tree = { 'package.json': packageWith({ scripts: scripts(manager) }), [file]: lock }
      const first = await build(tree)
      const modules = join(first.path, 'node_modules')
      expect(JSON.parse(await readFile(join(modules, 'semver/package.json'), 'utf8')).version).toBe('7.6.3')
      expect(await exists(join(modules, 'is-number'))).toBe(false)
      expect(await readdir(join(modules, '.bin'))).toEqual(['semver'])
      expect((await readFile(join(first.path, 'seen'), 'utf8')).trim()).toBe(version)
      expect(await readFile(join(first.path, file), 'utf8')).toBe(lock)
      expect(lines.filter((line) => line.startsWith('$ '))[0]).toMatch(`$ ${manager} install`)
      const second = await build(tree, 'elsewhere', { npm_config_registry: registry.url })
      expect(second.digest).toBe(first.digest)
      expect(registry.asked.join('\n')).toMatch(asks)
    })

    it('are not made when package.json asks for something else', async () => {
      const tree = { 'package.json': packageWith({ dependencies: { semver: '7.6.2' } }), [file]: lock }
      const building = build({ ...tree, Procfile: 'web: true' })
      await expect(building).rejects.toMatchObject({
        code: 'build_failed',
        message: expect.stringMatching(new RegExp(`^${manager} install ended with code 1[^]*${words}`)),
      })
    })
  },
)
