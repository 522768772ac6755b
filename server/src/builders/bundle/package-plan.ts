import { FairwayError } from '@fairway/contract/errors'

/** What of a package.json decides how it is built. */
export type PackageFacts = {
  dependencies: boolean
  devDependencies: boolean
  build: boolean
  start: string | undefined
  /** The field of that name: `pnpm@9.1.0+sha512.…`. */
  packageManager: string | undefined
}

/** One run of a package manager; npm starts the others. */
export type PackageStep = {
  program: 'npm'
  args: readonly string[]
  /** Besides the environment of every step; the same for all steps of a plan that have one. */
  env?: Readonly<Record<string, string>>
  /** What a developer would have typed: `pnpm install --frozen-lockfile`. Empty for a step that is not worth a line. */
  shown: string
  /** A sentence for the log that says why. */
  note?: string
}

/** Reads the facts; `build_failed` when it is not a package.json. */
export function readPackage(text: string): PackageFacts {
  const json = parse(text)
  const scripts = record(json.scripts)
  return {
    dependencies: ['dependencies', 'optionalDependencies', 'peerDependencies'].some((key) => some(json[key])),
    devDependencies: some(json.devDependencies),
    build: typeof scripts.build === 'string' && scripts.build.trim() !== '',
    start: typeof scripts.start === 'string' && scripts.start.trim() !== '' ? scripts.start : undefined,
    packageManager: typeof json.packageManager === 'string' ? json.packageManager : undefined,
  }
}

/** The npm runs that make a package ready to start, in order. A package without dependencies installs nothing. */
export function planNpm(facts: PackageFacts, hasLock: boolean): PackageStep[] {
  const steps: PackageStep[] = []
  if (facts.dependencies || facts.devDependencies) steps.push(install(hasLock))
  if (facts.build) steps.push(npm(['run', 'build']))
  if (facts.devDependencies) {
    const noLock = hasLock ? [] : ['--no-package-lock']
    steps.push(npm(['prune', '--omit=dev', ...noLock, ...QUIET]))
  }
  return steps
}

const QUIET = ['--no-audit', '--no-fund', '--no-update-notifier']

const npm = (args: readonly string[]): PackageStep => ({
  program: 'npm',
  args,
  shown: `npm ${args.join(' ')}`,
})

// Development dependencies are named, because NODE_ENV among the build arguments would leave them out.
function install(hasLock: boolean): PackageStep {
  if (hasLock) return npm(['ci', '--include=dev', ...QUIET])
  return {
    ...npm(['install', '--no-package-lock', '--include=dev', ...QUIET]),
    note: 'Warning: there is no lock file, so other versions may be installed each time. Commit a package-lock.json.',
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return record(json)
  } catch (cause) {
    throw new FairwayError('build_failed', `package.json is not JSON: ${(cause as Error).message}`, { cause })
  }
  throw new FairwayError('build_failed', 'package.json does not hold a JSON object.')
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

const some = (value: unknown): boolean => Object.keys(record(value)).length > 0
