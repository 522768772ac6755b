import { type BuildStatus, buildMoves } from '@fairway/contract/states'
import { type BuildChange, type BuildKey, findBuild, moveBuild } from '../../db/builds.ts'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { wakeRunsWaitingFor } from '../../db/waiters.ts'

/** Moves a build, says so, and wakes who waits for its end. False: the build may not move there. */
export async function advanceBuild(
  tx: Tx,
  key: BuildKey,
  to: BuildStatus,
  change: BuildChange & { actor?: string } = {},
): Promise<boolean> {
  const { actor, ...columns } = change
  if (!(await moveBuild(tx, key, to, columns))) return false
  const { projectId, buildId } = key
  const build = await findBuild(tx, key)
  await recordEvent(tx, {
    projectId,
    topic: 'build',
    subject: `${projectId}/${buildId}`,
    type: 'build.status',
    ...(actor !== undefined && { actor }),
    data: { status: to, sha: build?.sha ?? null },
  })
  if (buildMoves[to].length === 0) await wakeRunsWaitingFor(tx, 'build', `${projectId}/${buildId}`)
  return true
}
