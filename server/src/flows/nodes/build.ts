import type { BuildSpec } from '@fairway/contract/nodes/build'
import { type AwaitedBuild, readAwaitedBuild, readLastBuild } from '../../db/awaited.ts'
import type { Tx } from '../../db/db.ts'
import { waitFor } from '../../db/waiters.ts'
import type { Sealer } from '../../lib/seal.ts'
import { abortBuild } from '../../operations/builds/abort.ts'
import { pullRequestToBuild } from '../../operations/builds/pull-request.ts'
import { branchToBuild, requireRepository } from '../../operations/builds/request.ts'
import { startBuild } from '../../operations/builds/start.ts'
import { done, failed, type NodeResult, skipped, waiting } from '../model.ts'
import { type Acted, defineNode, ended, POLL_MS, type StepContext, type StepResult } from '../node.ts'
import { rejectionOf } from './build-rules.ts'
import { concluded, missing } from './concluded.ts'

type State = { source: { url: string; branch: string } } | { buildId: string; reused: boolean }
type Context = StepContext<BuildSpec, State>
type Commit = { sha: string; message: string }

/** Builds a branch or a commit; with its condition, until the build has succeeded. */
export const buildNode = defineNode<BuildSpec, State>({
  kind: 'Build',
  step: (tx, context, { sealer }) => {
    const { state, acted } = context
    if (state !== null && 'buildId' in state) return look(tx, context, state.buildId)
    if (acted?.is === 'answer') return build(tx, context, acted as Acted & { value: Commit }, sealer)
    return begin(tx, context, sealer)
  },
  /** Which commit a branch is at. */
  act: async ({ state }, { resolveCommit }, signal) => {
    const { source } = state as { source: { url: string; branch: string } }
    return resolveCommit({ ...source, signal })
  },
  async cancel(tx, { run, state }) {
    // A build that somebody else asked for goes on.
    if (state === null || !('buildId' in state) || state.reused) return ended
    const found = await readAwaitedBuild(tx, run.project_id, state.buildId)
    if (found === undefined || concluded('build', found) !== undefined) return ended
    await abortBuild(tx, {
      projectId: run.project_id,
      buildId: state.buildId,
      actor: run.created_by ?? 'release flow',
    })
    return { is: 'ending', wakeAfterMs: POLL_MS }
  },
})

const ownerOf = ({ run, spec }: Context) => {
  const id = spec.id.includes('/') ? (spec.id.split('/')[1] ?? spec.id) : spec.id
  return { projectId: run.project_id, ownerKind: spec.type, ownerId: id } as const
}

/** A given commit is built at once; of a branch, the newest one has to be asked for. */
async function begin(tx: Tx, context: Context, sealer: Sealer): Promise<StepResult> {
  const { spec } = context
  const owner = ownerOf(context)
  const repository = await requireRepository(tx, owner)
  const pull =
    spec.pullRequestId === undefined
      ? undefined
      : await pullRequestToBuild(tx, repository, spec.pullRequestId)
  const branch = pull?.branch ?? branchToBuild(repository, spec.branch)
  const sha = spec.sha ?? pull?.sha
  if (sha !== undefined && spec.buildRules === undefined) return startIt(tx, context, { branch, sha }, sealer)
  return { is: 'act', state: { source: { url: repository.projectUrl, branch } } }
}

async function build(
  tx: Tx,
  context: Context,
  { value }: { value: Commit },
  sealer: Sealer,
): Promise<NodeResult> {
  const { source } = context.state as { source: { branch: string } }
  const rejection = rejectionOf(context.spec.buildRules, value)
  if (rejection === undefined)
    return startIt(tx, context, { branch: source.branch, sha: context.spec.sha ?? value.sha }, sealer)
  return fallThrough(tx, context, source.branch, rejection)
}

/** The rules reject the commit. */
async function fallThrough(tx: Tx, context: Context, branch: string, rejection: string): Promise<NodeResult> {
  switch (context.spec.buildRuleFallThroughHandling ?? 'fail') {
    case 'skip':
      return skipped(rejection)
    case 'useLastBuild': {
      const { ownerKind: kind, ownerId: id, projectId } = ownerOf(context)
      const last = await readLastBuild(tx, { projectId, kind, id }, branch)
      if (last !== undefined) return done(answerOf(last))
      return failed('build_failed', `${rejection} There is no earlier build of "${branch}" to use.`)
    }
    default:
      return failed('build_failed', rejection)
  }
}

type Found = { branch: string; sha: string }

async function startIt(
  tx: Tx,
  context: Context,
  { branch, sha }: Found,
  sealer: Sealer,
): Promise<NodeResult> {
  const { run, spec, waits } = context
  const start = {
    ...ownerOf(context),
    branch,
    sha,
    ...(spec.pullRequestId !== undefined && { pullRequestId: spec.pullRequestId }),
    ...(spec.buildOverrides !== undefined && { overrides: spec.buildOverrides }),
    reuse: spec.reuseExistingBuilds ?? true,
    actor: run.created_by ?? 'release flow',
  }
  const { buildId, reused } = await startBuild(tx, start, sealer)
  await waitFor(tx, run.id, 'build', `${run.project_id}/${buildId}`)
  const looked = await look(tx, context, buildId)
  if (looked.is !== 'waiting') return looked
  if (!waits) return done({ id: buildId, branch, sha, nfObjectId: ownerOf(context).ownerId })
  return { ...looked, state: { buildId, reused } }
}

async function look(tx: Tx, { run, waits }: Context, buildId: string): Promise<NodeResult> {
  const found = await readAwaitedBuild(tx, run.project_id, buildId)
  if (found === undefined) return missing('build', buildId)
  if (!waits) return done(answerOf(found))
  return concluded('build', found, answerOf(found)) ?? waiting({ wakeAfterMs: POLL_MS })
}

const answerOf = ({ id, branch, sha, owner_id }: AwaitedBuild): unknown => ({
  id,
  branch,
  sha,
  nfObjectId: owner_id,
})
