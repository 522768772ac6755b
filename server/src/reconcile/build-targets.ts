import { buildMoves } from '@fairway/contract/states'
import type { BuildOwner } from '../db/build-choice.ts'
import type { Db, Tx } from '../db/db.ts'
import { listBranchBuilds, listOutdatedBuilds, listWatchers, type WatcherRow } from '../db/watchers.ts'
import type { Sealer } from '../lib/seal.ts'
import { abortBuild } from '../operations/builds/abort.ts'
import { startBuild } from '../operations/builds/start.ts'
import { watcherOfBuilder } from '../triggers/watcher.ts'
import type { StartingEvent, TargetHistory, TargetSource, TriggerTarget } from './trigger-targets.ts'

/** Who started a build that an event started. Only those give way to a newer event. */
export const TRIGGER_ACTOR = 'git trigger'

/** Services and jobs that build a repository. */
export const buildTargets = (sealer: Sealer): TargetSource => ({
  kinds: ['service', 'job'],
  list: async (db, query) => (await listWatchers(db, query)).map(targetOf),
  history,
  supersede,
  branchDeleted,
  start: async (tx, target, { branch, after, pullRequest }) => {
    const { buildId } = await startBuild(
      tx,
      {
        ...ownerOf(target),
        branch,
        sha: after,
        ...(pullRequest !== null && { pullRequestId: pullRequest.id }),
        // The judge has looked for a build of this commit; one of another branch must not stand in for it.
        reuse: false,
        actor: TRIGGER_ACTOR,
      },
      sealer,
    )
    return { kind: 'build', id: buildId }
  },
})

const ownerOf = ({ projectId, kind, id }: TriggerTarget): BuildOwner => ({
  projectId,
  ownerKind: kind === 'job' ? 'job' : 'service',
  ownerId: id,
})

const targetOf = ({ projectId, ownerKind, ownerId, vcs, ...row }: WatcherRow): TriggerTarget => ({
  projectId,
  kind: ownerKind,
  id: ownerId,
  url: vcs.projectUrl,
  abortsRunning: row.configuration.abortOutdatedBuilds === true,
  watcher: watcherOfBuilder({ kind: ownerKind, branch: vcs.projectBranch, ...row }),
})

const nameOf = ({ projectId, ownerKind, ownerId }: BuildOwner): string =>
  `${projectId}/${ownerKind}/${ownerId}`

async function history(
  db: Db,
  targets: readonly TriggerTarget[],
  { branch, pullRequest }: StartingEvent,
): Promise<Map<TriggerTarget, TargetHistory>> {
  const builds = await listBranchBuilds(db, targets.map(ownerOf), branch)
  const byName = new Map(builds.map((one) => [nameOf(one), one]))
  return new Map(
    targets.map((target) => {
      const { newest = null, builtSha = null } = byName.get(nameOf(ownerOf(target))) ?? {}
      return [
        target,
        {
          // A pull request of which nothing was built counts from the branch it goes to.
          base: builtSha ?? pullRequest?.base.sha ?? null,
          newestBuild:
            newest === null ? undefined : { ...newest, concluded: buildMoves[newest.status].length === 0 },
        },
      ]
    }),
  )
}

/** Builds of the same branch that still wait give way, and where it is set those that run. Before any start: see `abortBuild` for the order of locks. */
async function supersede(
  tx: Tx,
  targets: readonly TriggerTarget[],
  { branch }: StartingEvent,
): Promise<Map<TriggerTarget, string[]>> {
  const owners = targets.map((target) => ({
    ...ownerOf(target),
    abortsRunning: target.abortsRunning === true,
  }))
  const outdated = await listOutdatedBuilds(tx, owners, { branch, actor: TRIGGER_ACTOR })
  const byName = new Map(targets.map((target) => [nameOf(ownerOf(target)), target]))
  const aborted = new Map<TriggerTarget, string[]>()
  for (const build of outdated) {
    const { projectId, buildId } = build
    await abortBuild(tx, { projectId, buildId, actor: TRIGGER_ACTOR })
    const target = byName.get(nameOf(build))
    if (target !== undefined) aborted.set(target, [...(aborted.get(target) ?? []), buildId])
  }
  return aborted
}

/** Nobody waits for a build of a branch that is gone. One that runs has its commit already. */
async function branchDeleted(
  tx: Tx,
  { branch, ...query }: { keys: readonly string[]; projectId: string | undefined; branch: string },
): Promise<number> {
  const owners = (await listWatchers(tx, query)).map((row) => ({ ...row, abortsRunning: false }))
  const waiting = await listOutdatedBuilds(tx, owners, { branch, actor: TRIGGER_ACTOR })
  for (const { projectId, buildId } of waiting)
    await abortBuild(tx, { projectId, buildId, actor: TRIGGER_ACTOR })
  return waiting.length
}
