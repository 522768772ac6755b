import { FairwayError } from '@fairway/contract/errors'

/** What of a package.json decides how it is built. */
export type PackageFacts = {
  dependencies: boolean
  devDependencies: boolean
  build: boolean
  start: string | undefined
}

/** One run of npm, with a sentence for the log that says why. */
export type NpmStep = { args: readonly string[]; note?: string }

/** Reads the facts; `build_failed` when it is not a package.json. */
export function readPackage(text: string): PackageFacts {
  const json = parse(text)
  const scripts = record(json.scripts)
  return {
    dependencies: ['dependencies', 'optionalDependencies', 'peerDependencies'].some((key) => some(json[key])),
    devDependencies: some(json.devDependencies),
    build: typeof scripts.build === 'string' && scripts.build.trim() !== '',
    start: typeof scripts.start === 'string' && scripts.start.trim() !== '' ? scripts.start : undefined,
  }
}

/** The npm runs that make a package ready to start, in order. A package without dependencies installs nothing. */
export function planNpm(facts: PackageFacts, hasLock: boolean): NpmStep[] {
  const steps: NpmStep[] = []
  if (facts.dependencies || facts.devDependencies) steps.push(install(hasLock))
  if (facts.build) steps.push({ args: ['run', 'build'] })
  if (facts.devDependencies) {
    const noLock = hasLock ? [] : ['--no-package-lock']
    steps.push({ args: ['prune', '--omit=dev', ...noLock, ...QUIET] })
  }
  return steps
}

const QUIET = ['--no-audit', '--no-fund', '--no-update-notifier']

// Development dependencies are named, because NODE_ENV among the build arguments would leave them out.
function install(hasLock: boolean): NpmStep {
  if (hasLock) return { args: ['ci', '--include=dev', ...QUIET] }
  return {
    args: ['install', '--no-package-lock', '--include=dev', ...QUIET],
    note: 'Warning: there is no package-lock.json, so other versions may be installed each time. Commit one.',
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
