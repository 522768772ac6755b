import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planPackage } from './install-plan.ts'
import type { LockFiles } from './lock-files.ts'
import { type PackageFacts, readPackage } from './package-plan.ts'
import { PNPM_LOCK, packageWith, YARN_1_LOCK, YARN_4_LOCK } from './test-lock-files.ts'

const places = { home: '/home', cache: '/cache' }
const facts: PackageFacts = readPackage(packageWith({ scripts: { build: 'make' } }))
const plan = (locks: LockFiles, change: Partial<PackageFacts> = {}) =>
  planPackage({ ...facts, ...change }, locks, places)
const shown = (locks: LockFiles, change?: Partial<PackageFacts>) =>
  plan(locks, change).steps.flatMap((step) => (step.shown === '' ? [] : step.shown))
const notes = (locks: LockFiles, change?: Partial<PackageFacts>) =>
  plan(locks, change)
    .steps.flatMap(({ note }) => note ?? [])
    .join(' ')
/** `pnpm@8.15.9`: what npm is told to run. */
const packageOf = (locks: LockFiles, packageManager?: string) =>
  plan(locks, { packageManager })
    .steps.at(-1)
    ?.args.find((arg) => arg.includes('@'))
const npm = { 'package-lock.json': '{}' }
const pnpm = { 'pnpm-lock.yaml': PNPM_LOCK }
const yarn1 = { 'yarn.lock': YARN_1_LOCK }
const yarn4 = { 'yarn.lock': YARN_4_LOCK }
const pnpmLock = (version: string) => ({ 'pnpm-lock.yaml': `lockfileVersion: ${version}\n` })
const yarnLock = (version: number) => ({ 'yarn.lock': `__metadata:\n  version: ${version}\n` })

describe('the package manager of a build', () => {
  it.each([
    [npm, ['npm ci', 'npm run', 'npm prune']],
    [{}, ['npm install', 'npm run', 'npm prune']],
    [pnpm, ['pnpm install', 'pnpm run', 'pnpm prune']],
    [yarn1, ['yarn install', 'yarn run', 'yarn install']],
    [yarn4, ['yarn install', 'yarn run', 'yarn workspaces']],
  ] as [LockFiles, string[]][])('is the one whose lock file there is (%#)', (locks, commands) => {
    expect(shown(locks).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(commands)
  })

  it('installs what the lock file names, development dependencies too whatever NODE_ENV says', () => {
    expect(shown(pnpm)[0]).toBe('pnpm install --frozen-lockfile --prod=false')
    expect(shown(yarn1)[0]).toBe('yarn install --frozen-lockfile --non-interactive --production=false')
    expect(shown(yarn4)[0]).toBe('yarn install --immutable')
  })

  it('prunes only where there are development dependencies, and builds only where there is a build script', () => {
    for (const locks of [pnpm, yarn1, yarn4])
      expect(shown(locks, { devDependencies: false, build: false })).toHaveLength(1)
  })

  it('says that development dependencies stay with yarn 2 and 3', () => {
    expect(shown(yarnLock(6))).toEqual(['yarn install --immutable', 'yarn run build'])
    expect(notes(yarnLock(6))).toContain('Development dependencies stay')
    expect(notes(yarnLock(6), { devDependencies: false })).toBe('')
  })

  it.each([
    [pnpmLock("'9.0'"), undefined, 'pnpm@10.33.0'],
    [pnpmLock("'6.0'"), undefined, 'pnpm@8.15.9'],
    [pnpmLock('5.4'), undefined, 'pnpm@7.33.7'],
    [pnpm, 'pnpm@9.1.0+sha512.abc', 'pnpm@9.1.0'],
    [pnpm, 'yarn@1.22.19', 'pnpm@10.33.0'],
    [yarn1, undefined, 'yarn@1.22.22'],
    [yarn1, 'yarn@1.22.19', 'yarn@1.22.19'],
    [yarn1, 'yarn@4.9.1', 'yarn@1.22.22'],
    [yarnLock(4), undefined, '@yarnpkg/cli-dist@2.4.2'],
    [yarnLock(6), undefined, '@yarnpkg/cli-dist@3.8.7'],
    [yarnLock(8), undefined, '@yarnpkg/cli-dist@4.9.2'],
    [yarn4, 'yarn@4.5.3+sha224.abc', '@yarnpkg/cli-dist@4.5.3'],
  ] as [LockFiles, string | undefined, string][])(
    'has the version of packageManager, else of the lock file (%#)',
    (locks, field, expected) => {
      expect(packageOf(locks, field)).toBe(expected)
    },
  )

  it('lets packageManager decide between several lock files, else npm before pnpm before yarn, and says so', () => {
    const all = { ...npm, ...pnpm, ...yarn1, 'bun.lock': '' }
    const first = (change?: Partial<PackageFacts>) => shown(all, change)[0]?.split(' ')[0]
    expect(first()).toBe('npm')
    expect(first({ packageManager: 'pnpm@9.1.0' })).toBe('pnpm')
    expect(first({ packageManager: 'yarn@1.22.22' })).toBe('yarn')
    expect(first({ packageManager: 'bun@1.2.0' })).toBe('npm')
    expect(shown({ ...pnpm, ...yarn1 })[0]).toContain('pnpm')
    expect(notes({ ...pnpm, ...yarn1 })).toContain('pnpm-lock.yaml is used, yarn.lock is ignored')
    expect(notes(pnpm)).toBe('')
  })

  it.each(['bun.lock', 'bun.lockb'])('refuses %s alone and says what to do', (name) => {
    expect(() => plan({ [name]: '' })).toThrow(
      new RegExp(`${name}.*Commit a package-lock.json, or add a Dockerfile`),
    )
  })

  it('lets nothing but an exact version into a command', () => {
    for (const wrong of ['latest', '', '^9.1.0', '9', '9.1.0 --x', '9.1.0;id', '9.1.0\n', 'npm:evil@1.0.0'])
      expect(() => plan(pnpm, { packageManager: `pnpm@${wrong}` })).toThrow('must name an exact version')
    fc.assert(
      fc.property(fc.string(), (version) => {
        let found: string | undefined
        try {
          found = packageOf(pnpm, `pnpm@${version}`)
        } catch {
          return true
        }
        return /^pnpm@\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(found ?? '')
      }),
    )
  })
})
