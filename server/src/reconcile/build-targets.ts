import { buildMoves } from '@fairway/contract/states'
import type { BuildOwner } from '../db/build-choice.ts'
import type { Tx } from '../db/db.ts'
import { listQueuedBuilds, listWatchers, type WatcherRow } from '../db/watchers.ts'
import type { Sealer } from '../lib/seal.ts'
import { abortBuild } from '../operations/builds/abort.ts'
import { startBuild } from '../operations/builds/start.ts'
import { watcherOfBuilder } from '../triggers/watcher.ts'
import type { StartingEvent, TargetSource, TriggerTarget } from './trigger-targets.ts'

/** Who started a build that an event started. Only those give way to a newer event. */
export const TRIGGER_ACTOR = 'git trigger'

/** Services and jobs that build a repository. */
export const buildTargets = (sealer: Sealer): TargetSource => ({
  kinds: ['service', 'job'],
  list: async (db, { keys, event, projectId }) => {
    const rows = await listWatchers(db, { keys, branch: event.branch, projectId })
    return rows.map((row) => targetOf(row, event))
  },
  supersede,
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

function targetOf(row: WatcherRow, event: StartingEvent): TriggerTarget {
  const { newest, vcs } = row
  return {
    projectId: row.projectId,
    kind: row.ownerKind,
    id: row.ownerId,
    url: vcs.projectUrl,
    watcher: watcherOfBuilder({
      kind: row.ownerKind,
      branch: vcs.projectBranch,
      disabledCI: row.disabledCI,
      configuration: row.configuration,
    }),
    // A pull request of which nothing was built counts from the branch it goes to.
    base: row.builtSha ?? event.pullRequest?.base.sha ?? null,
    newestBuild:
      newest === null
        ? undefined
        : { id: newest.id, sha: newest.sha, concluded: buildMoves[newest.status].length === 0 },
  }
}

/** Builds of the same branch that still wait give way. Before any start: see `abortBuild` for the order of locks. */
async function supersede(
  tx: Tx,
  targets: readonly TriggerTarget[],
  { branch }: StartingEvent,
): Promise<Map<TriggerTarget, string[]>> {
  const queued = await listQueuedBuilds(tx, targets.map(ownerOf), { branch, actor: TRIGGER_ACTOR })
  const aborted = new Map<TriggerTarget, string[]>()
  for (const { projectId, ownerKind, ownerId, buildId } of queued) {
    await abortBuild(tx, { projectId, buildId, actor: TRIGGER_ACTOR })
    const target = targets.find(
      (one) => one.projectId === projectId && one.kind === ownerKind && one.id === ownerId,
    )
    if (target !== undefined) aborted.set(target, [...(aborted.get(target) ?? []), buildId])
  }
  return aborted
}
