import type { PackagePlaces, PackagePlan } from './install-plan.ts'
import type { PackageFacts, PackageStep } from './package-plan.ts'
import { execEnv, majorOf, managerVersion } from './pinned-version.ts'

const CLASSIC = '1.22.22'
const VERSION_4 = '4.9.2'
const VERSION_3 = '3.8.7'
const VERSION_2 = '2.4.2'

/** The runs of yarn for a package with this `yarn.lock`. Raises `build_failed` as `managerVersion` does. Pure. */
export function planYarn(facts: PackageFacts, lock: string, places: PackagePlaces): PackagePlan {
  const named = managerVersion('yarn', facts.packageManager)
  const format = /^__metadata:\r?\n[ \t]+version: *['"]?(\d+)/m.exec(lock)?.[1]
  const classic = !/^__metadata:/m.test(lock)
  // A yarn of the other kind would write the lock file anew.
  const fits = named !== undefined && classic === majorOf(named) < 2
  if (classic) return planClassic(facts, fits ? named : CLASSIC, places)
  return planModern(facts, fits ? named : versionFor(format), places)
}

function versionFor(format: string | undefined): string {
  if (format === undefined || Number(format) >= 7) return VERSION_4
  return Number(format) >= 5 ? VERSION_3 : VERSION_2
}

function planClassic(facts: PackageFacts, version: string, places: PackagePlaces): PackagePlan {
  const env = {
    ...execEnv(places),
    // Yarn 1 believes what lies there without a check.
    YARN_CACHE_FOLDER: `${places.home}/.yarn-cache`,
    SKIP_YARN_COREPACK_CHECK: '1',
  }
  const run = (...args: string[]): PackageStep => ({
    program: 'npm',
    args: ['exec', '--yes', '--package', `yarn@${version}`, '--', 'yarn', ...args],
    env,
    shown: `yarn ${args.join(' ')}`,
  })
  const frozen = ['--frozen-lockfile', '--non-interactive']
  const steps = [run('install', ...frozen, '--production=false')]
  if (facts.build) steps.push(run('run', 'build'))
  if (facts.devDependencies) {
    steps.push(run('install', ...frozen, '--production', '--ignore-scripts', '--prefer-offline'))
  }
  return { steps, notes: [] }
}

function planModern(facts: PackageFacts, version: string, places: PackagePlaces): PackagePlan {
  const linking = majorOf(version) < 3 ? {} : { YARN_NM_MODE: 'classic' }
  const env = { ...execEnv(places), ...modernEnv(places), ...linking }
  const run = (...args: string[]): PackageStep => ({
    program: 'npm',
    args: ['exec', '--yes', '--package', `@yarnpkg/cli-dist@${version}`, '--', 'yarn', ...args],
    env,
    shown: `yarn ${args.join(' ')}`,
  })
  const steps = [registryStep(env), run('install', '--immutable')]
  if (facts.build) steps.push(run('run', 'build'))
  if (facts.devDependencies && majorOf(version) >= 4) {
    steps.push(run('workspaces', 'focus', '--all', '--production'))
  }
  return { steps: facts.devDependencies && majorOf(version) < 4 ? withDevNote(steps) : steps, notes: [] }
}

/** Only node_modules is started, and (by YARN_NM_MODE, which yarn 2 does not know) nothing in it is linked to the cache. */
const modernEnv = ({ home, cache }: PackagePlaces) => ({
  YARN_NODE_LINKER: 'node-modules',
  YARN_ENABLE_TELEMETRY: '0',
  YARN_ENABLE_GLOBAL_CACHE: 'true',
  YARN_GLOBAL_FOLDER: `${cache}/yarn`,
  YARN_INSTALL_STATE_PATH: `${home}/.yarn-install-state.gz`,
})

const withDevNote = (steps: PackageStep[]): PackageStep[] =>
  steps.map((step) =>
    step.shown.startsWith('yarn install')
      ? { ...step, note: 'Development dependencies stay: only yarn 4 and later can take them away.' }
      : step,
  )

// Run by npm, which tells its commands npm's settings. They become settings of the home folder, which those of the
// repository come before.
const WRITE_SETTINGS = [
  'const e = process.env, r = e.npm_config_registry, s = {}',
  'if (r) s.npmRegistryServer = r',
  'if (r && r.startsWith("http:")) s.unsafeHttpWhitelist = [new URL(r).hostname]',
  'if (e.npm_config_cafile) s.httpsCaFilePath = s.caFilePath = e.npm_config_cafile',
  'const p = e.npm_config_https_proxy || e.HTTPS_PROXY || e.https_proxy',
  'if (p) s.httpsProxy = p',
  'require("fs").writeFileSync(require("path").join(e.HOME, ".yarnrc.yml"), JSON.stringify(s))',
].join('; ')

/** Tells yarn 2 and later, which do not read npm's settings, what npm uses. */
const registryStep = (env: Readonly<Record<string, string>>): PackageStep => ({
  program: 'npm',
  args: ['exec', '-c', `node -e '${WRITE_SETTINGS}'`],
  env,
  shown: '',
})
