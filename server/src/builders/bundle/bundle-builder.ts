import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type { CrashPoints } from '../../lib/crash-point.ts'
import { hasCode } from '../../lib/has-code.ts'
import { readIfThere } from '../../lib/read-if-there.ts'
import type { Builder, BuildRequest, BuiltArtifact } from '../../reconcile/builder-port.ts'
import { withBuildDeadline } from '../build-deadline.ts'
import { type BundleStore, createBundleStore, namesIn, removeReadOnly } from './bundle-store.ts'
import { copyContext, findContext, writeBuildFiles } from './copy-context.ts'
import { planPackage } from './install-plan.ts'
import { killProcessesAtHome } from './leftover-processes.ts'
import { readLockFiles } from './lock-files.ts'
import { type PackageFacts, type PackageStep, readPackage } from './package-plan.ts'
import { parseProcfile } from './procfile.ts'
import { nameOf, runCommand } from './run-command.ts'
import { digestTree } from './tree-digest.ts'

export const bundleCrashPoints = ['build.after-copy', 'build.after-npm', 'build.after-store'] as const

export type BundleBuilderOptions = {
  /** Holds `sha256/<hex>` and `staging`. One server at a time may use it. */
  root: string
  npmCache: string
  timeoutSeconds: number
  crash: CrashPoints
}

/** What the runtime reads to know the start commands: shell lines, run by `sh -c 'exec <line>'`. */
export const BUNDLE_FILE = 'fairway-bundle.json'

type Staging = { bundle: string; home: string }

/**
 * Makes a repository into a folder that is ready to start: dependencies installed by the
 * package manager of its lock file, built, described by
 * its Procfile or the start script. `file:` dependencies must lie inside the build context.
 */
export function createBundleBuilder(options: BundleBuilderOptions): Builder {
  const stagingRoot = join(options.root, 'staging')
  const store = createBundleStore(options.root, stagingRoot)
  let swept: Promise<void> | undefined
  return {
    build: async (request) => {
      swept ??= sweep(stagingRoot)
      await swept
      return withBuildDeadline(options.timeoutSeconds, request.signal, (signal) =>
        inStaging(stagingRoot, (staging) => build({ ...request, signal }, { options, store, staging })),
      )
    },
    locate: store.locate,
    collect: store.collect,
  }
}

/** What a killed server left: its builds' processes first, then their folders. */
async function sweep(stagingRoot: string): Promise<void> {
  await mkdir(stagingRoot, { recursive: true })
  await killProcessesAtHome(stagingRoot)
  for (const name of await namesIn(stagingRoot)) await removeReadOnly(join(stagingRoot, name))
}

async function inStaging<T>(root: string, work: (staging: Staging) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(root, 'build-'))
  try {
    const staging = { bundle: join(folder, 'bundle'), home: join(folder, 'home') }
    await mkdir(staging.home)
    return await work(staging)
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
      throw new FairwayError('disk_full', 'The disk is full. Make room and build again.', { cause: error })
    }
    throw error
  } finally {
    await removeReadOnly(folder)
  }
}

type Workshop = { options: BundleBuilderOptions; store: BundleStore; staging: Staging }

async function build(request: BuildRequest, workshop: Workshop): Promise<BuiltArtifact> {
  const { options, store, staging } = workshop
  const { signal } = request
  const context = await findContext(request.checkout.directory, request.context)
  await copyContext(context, staging.bundle, signal)
  await writeBuildFiles(staging.bundle, request.files)
  options.crash.hit('build.after-copy')
  const facts = await packageFacts(staging.bundle)
  const processes = await processesOf(staging.bundle, facts)
  if (facts !== undefined) await makePackage(request, workshop, facts)
  options.crash.hit('build.after-npm')
  await writeBundleFile(staging.bundle, processes)
  const { digest, sizeBytes } = await digestTree(staging.bundle, signal)
  await store.keep(staging.bundle, digest)
  options.crash.hit('build.after-store')
  return { digest, kind: 'bundle', sizeBytes, processes }
}

async function packageFacts(bundle: string): Promise<PackageFacts | undefined> {
  const text = await readIfThere(join(bundle, 'package.json'))
  return text === undefined ? undefined : readPackage(text)
}

/** From the Procfile, else the start script; known before anything is installed, so that a mistake shows at once. */
async function processesOf(
  bundle: string,
  facts: PackageFacts | undefined,
): Promise<Readonly<Record<string, string>>> {
  const procfile = await readIfThere(join(bundle, 'Procfile'))
  if (procfile !== undefined) return parseProcfile(procfile)
  // The script itself rather than `npm start`: signals reach the program, and the runtime's PATH has node_modules/.bin.
  if (facts?.start !== undefined) return { web: facts.start }
  throw new FairwayError(
    'build_failed',
    'There is nothing to start. Add a Procfile with a line "web: <command>", or a start script in package.json.',
  )
}

async function makePackage(request: BuildRequest, workshop: Workshop, facts: PackageFacts): Promise<void> {
  const { bundle, home } = workshop.staging
  // The cache as well is of this build alone: what pnpm finds in its store it believes.
  const plan = planPackage(facts, await readLockFiles(bundle), { home, cache: home })
  for (const step of plan.steps) await runStep(step, request, workshop)
  for (const path of plan.notes) await rm(join(bundle, path), { force: true })
}

async function runStep(step: PackageStep, request: BuildRequest, workshop: Workshop): Promise<void> {
  const { log, signal } = request
  const { bundle: cwd, home } = workshop.staging
  const { program, args, note, shown } = step
  const env = {
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    LANG: 'C.UTF-8',
    CI: 'true',
    npm_config_cache: workshop.options.npmCache,
    npm_config_update_notifier: 'false',
    ...request.arguments,
    ...step.env,
    HOME: home,
    TMPDIR: home,
  }
  if (note !== undefined) log(note)
  if (shown !== '') log(`$ ${shown}`)
  const [manager = program, ...rest] = shown.split(' ')
  const name = shown === '' ? program : nameOf(manager, rest)
  await runCommand({ program, args, name, cwd, env, log, signal })
}

async function writeBundleFile(bundle: string, processes: Readonly<Record<string, string>>): Promise<void> {
  const path = join(bundle, BUNDLE_FILE)
  // Removed first: the repository could hold a link of that name.
  await rm(path, { recursive: true, force: true })
  await writeFile(path, `${JSON.stringify({ processes }, null, 2)}\n`)
}
