import { buildMoves } from '@fairway/contract/states'
import { type BuildKey, lockBuild, requestBuildAbort } from '../../db/builds.ts'
import type { Tx } from '../../db/db.ts'
import { schedule } from '../../db/work.ts'
import { advanceBuild } from './move.ts'

/** Asks for a build to be aborted. One that has not begun ends at once; one that has ended stays as it is. */
export async function abortBuild(tx: Tx, { actor, ...key }: BuildKey & { actor: string }): Promise<void> {
  await schedule(tx, 'build', `${key.projectId}/${key.buildId}`)
  const build = await lockBuild(tx, key)
  if (buildMoves[build.status].length === 0) return
  await requestBuildAbort(tx, key)
  // It may wait long for a free worker.
  if (build.status === 'QUEUED') await advanceBuild(tx, key, 'ABORTED', { actor })
}
