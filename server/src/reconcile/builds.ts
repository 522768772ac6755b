import { mkdir, rm } from 'node:fs/promises'
import { FairwayError } from '@fairway/contract/errors'
import { type BuildStatus, buildMoves } from '@fairway/contract/states'
import { insertArtifact, lockArtifactsShared } from '../db/artifacts.ts'
import { type BuildChange, type BuildKey, type BuildRow, findBuild, setBuildAttempts } from '../db/builds.ts'
import type { Tx } from '../db/db.ts'
import { type WorkItem, withLease } from '../db/work.ts'
import type { WorkHandler } from '../db/work-loop.ts'
import { advanceBuild } from '../operations/builds/move.ts'
import { type AbortWatch, watchForAbort } from './abort-watch.ts'
import type { BuildDeps } from './build-deps.ts'
import { readBuildInput } from './build-input.ts'
import type { BuildLogWriter, BuiltArtifact, Checkout } from './builder-port.ts'

export const buildCrashPoints = [
  'build.after-start',
  'build.after-resolve',
  'build.after-clone',
  'build.after-build',
  'build.before-conclude',
  'build.after-conclude',
] as const

type Woken = { wakeAfterMs: number | null }
type Job = { deps: BuildDeps; item: WorkItem; build: BuildRow; key: BuildKey }

const RESTS: Woken = { wakeAfterMs: null }
const AGAIN: Woken = { wakeAfterMs: 0 }
/** A build whose worker died this often has crashed it, probably. */
const ATTEMPTS = 3

/**
 * Makes one build: finds the commit, clones, builds, records the artifact. A build that was cut off begins again
 * from nothing. Key: `projectId/buildId`.
 */
export function createBuildHandler(deps: BuildDeps): WorkHandler {
  let swept: Promise<void> | undefined
  return async (item, signal) => {
    swept ??= sweep(deps.checkouts)
    await swept
    const [projectId = '', buildId = ''] = item.key.split('/')
    const key = { projectId, buildId }
    const build = await findBuild(deps.db, key)
    if (build === undefined || buildMoves[build.status].length === 0) return RESTS
    const job = { deps, item, build, key }
    if (build.abort_requested) return conclude(job, 'ABORTED')
    if (build.attempts >= ATTEMPTS && build.status !== 'PENDING') return conclude(job, 'CRASHED', crashed())
    await begin(job)
    deps.crash.hit('build.after-start')
    return attempt(job, signal)
  }
}

/** What a killed server left. */
async function sweep(checkouts: string): Promise<void> {
  await rm(checkouts, { recursive: true, force: true, maxRetries: 3 })
  await mkdir(checkouts, { recursive: true })
}

const crashed = (): BuildChange => ({
  error: {
    code: 'build_failed',
    message: `The build was cut off ${ATTEMPTS} times. Start it again if the server was restarted.`,
    log: [],
  },
})

/** To STARTING from wherever the last attempt was. */
async function begin({ deps, item, build, key }: Job): Promise<void> {
  await withLease(deps.db, item, async (tx) => {
    await advanceBuild(tx, key, 'PENDING')
    await advanceBuild(tx, key, 'STARTING')
    await setBuildAttempts(tx, key, build.attempts + 1)
  })
}

async function attempt(job: Job, signal: AbortSignal): Promise<Woken> {
  const { deps, key, build } = job
  const warn = (what: string) => (error: unknown) => deps.log.warn({ err: error, build: job.item.key }, what)
  const output = deps.logs.open(key, warn('cannot write the log of a build'))
  const watch = watchForAbort(signal, {
    deadlineMs: deps.timeoutSeconds * 1000,
    isRequested: async () => (await findBuild(deps.db, key))?.abort_requested ?? true,
    onError: warn('cannot see whether to abort a build'),
  })
  const say = (line: string): void => output.append(deps.mask(line))
  try {
    if (build.attempts > 0) say('The build was cut off and begins again.')
    const made = await make(job, say, watch.signal)
    deps.crash.hit('build.before-conclude')
    await succeed(job, made)
    deps.crash.hit('build.after-conclude')
    return RESTS
  } catch (error) {
    return await stopped(job, { watch, output, say }, error)
  } finally {
    watch.end()
    output.close()
  }
}

async function make(job: Job, say: (line: string) => void, signal: AbortSignal): Promise<BuiltArtifact> {
  const { deps, build } = job
  const { url, context } = build.request
  const sha = build.sha ?? (await deps.source.resolve({ url, branch: build.branch, signal })).sha
  await move(job, 'CLONING', { sha })
  deps.crash.hit('build.after-resolve')
  say(`Cloning branch ${build.branch}`)
  const into = deps.checkouts
  const checkout = await deps.source.checkout({ url, branch: build.branch, sha, into, log: say, signal })
  try {
    deps.crash.hit('build.after-clone')
    return await buildCheckout(job, { checkout, context, say, signal })
  } finally {
    await checkout.cleanUp()
  }
}

type Making = { checkout: Checkout; context: string; say: (line: string) => void; signal: AbortSignal }

async function buildCheckout(job: Job, { checkout, context, say, signal }: Making): Promise<BuiltArtifact> {
  const { deps, build } = job
  await move(job, 'BUILDING', { message: checkout.message })
  const input = await readBuildInput(deps.db, build, checkout.sha, deps.sealer)
  say(`Building commit ${checkout.sha}`)
  const made = await deps.builder.build({
    ...input,
    owner: { projectId: build.project_id, ownerId: build.owner_id },
    context,
    checkout,
    log: say,
    signal,
  })
  deps.crash.hit('build.after-build')
  await move(job, 'UPLOADING')
  say(`Built ${made.digest}, ${made.sizeBytes} bytes`)
  return made
}

async function succeed({ deps, item, key }: Job, made: BuiltArtifact): Promise<void> {
  await withLease(deps.db, item, async (tx) => {
    await lockArtifactsShared(tx)
    if ((await deps.builder.locate(made.digest)) === undefined) {
      throw new Error(`the artifact ${made.digest} was removed before it was recorded`)
    }
    await insertArtifact(tx, made)
    if (!(await advanceBuild(tx, key, 'SUCCESS', { artifact_digest: made.digest }))) return
    const build = await findBuild(tx, key)
    if (build !== undefined) await deps.onSuccess(tx, build)
  })
}

type Ending = { watch: AbortWatch; output: BuildLogWriter; say: (line: string) => void }

async function stopped(job: Job, { watch, output, say }: Ending, error: unknown): Promise<Woken> {
  const { deps, item, build, key } = job
  if (error instanceof FairwayError && error.code === 'lease_lost') throw error
  if (watch.reason() === 'interrupted') {
    // A restart of the server is not the build's fault.
    await withLease(deps.db, item, (tx) => setBuildAttempts(tx, key, build.attempts))
    return AGAIN
  }
  if (watch.reason() === 'requested') {
    say('The build was aborted.')
    return conclude(job, 'ABORTED')
  }
  const known = watch.reason() === 'deadline' ? late(deps.timeoutSeconds) : error
  // Unforeseen: tried again until the attempts are used up.
  if (!(known instanceof FairwayError)) throw error
  deps.log.info({ err: error, build: item.key }, 'a build failed')
  const log = output.last()
  say(known.message)
  return conclude(job, 'FAILURE', { error: { code: known.code, message: deps.mask(known.message), log } })
}

const late = (seconds: number): FairwayError =>
  new FairwayError('timed_out', `The build took longer than ${seconds} seconds and was stopped.`)

async function conclude({ deps, item, key }: Job, to: BuildStatus, change: BuildChange = {}): Promise<Woken> {
  await withLease(deps.db, item, (tx) => advanceBuild(tx, key, to, change))
  deps.crash.hit('build.after-conclude')
  return RESTS
}

/** A build that is not where it was thought to be belongs to somebody else now. */
async function move({ deps, item, key }: Job, to: BuildStatus, change: BuildChange = {}): Promise<void> {
  const moved = await withLease(deps.db, item, (tx: Tx) => advanceBuild(tx, key, to, change))
  if (!moved) throw new Error(`the build cannot move to ${to}`)
}
