import type { PackagePlaces, PackagePlan } from './install-plan.ts'
import type { PackageFacts, PackageStep } from './package-plan.ts'
import { execEnv, managerVersion } from './pinned-version.ts'

/** The newest of each line that runs on Node.js 20, by the lock file's version. */
const RECENT = '10.33.0'
const BEFORE_9 = '8.15.9'
const BEFORE_6 = '7.33.7'

/** What holds times and folders of this one build. */
const NOTES = [
  'node_modules/.modules.yaml',
  'node_modules/.pnpm-workspace-state.json',
  'node_modules/.pnpm-workspace-state-v1.json',
]

/** The runs of pnpm for a package with this `pnpm-lock.yaml`. Raises `build_failed` as `managerVersion` does. Pure. */
export function planPnpm(facts: PackageFacts, lock: string, places: PackagePlaces): PackagePlan {
  const version = managerVersion('pnpm', facts.packageManager) ?? versionFor(lock)
  const run = (args: string[], settings: readonly string[] = []): PackageStep => ({
    program: 'npm',
    args: ['exec', '--yes', '--package', `pnpm@${version}`, '--', 'pnpm', ...args, ...settings],
    // COREPACK_…: the lock file decides, whatever else is named.
    env: { ...execEnv(places), COREPACK_ENABLE_STRICT: '0' },
    shown: `pnpm ${args.join(' ')}`,
  })
  const settings = settingsFor(places)
  const steps = [run(['install', '--frozen-lockfile', '--prod=false'], settings)]
  if (facts.build) steps.push(run(['run', 'build']))
  if (facts.devDependencies) {
    steps.push(run(['prune', '--prod'], [...settings, '--config.ignore-scripts=true']))
  }
  return { steps, notes: NOTES }
}

/** Nothing is linked to the store, and the starters in `.bin` do not name the folder of this one build. */
const settingsFor = ({ cache }: PackagePlaces): string[] => [
  `--config.store-dir=${cache}/pnpm-store`,
  '--config.package-import-method=copy',
  '--config.extend-node-path=false',
]

function versionFor(lock: string): string {
  const found = /^lockfileVersion:\s*['"]?(\d+)/m.exec(lock)?.[1]
  if (found === undefined || Number(found) >= 9) return RECENT
  return Number(found) >= 6 ? BEFORE_9 : BEFORE_6
}
