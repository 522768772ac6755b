import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { readProjectContents } from '../../db/project-contents.ts'
import { updateProject } from '../../db/projects.ts'
import { schedule } from '../../db/work.ts'
import { requireProject } from './require.ts'

/**
 * Marks a project as going. Its reconciler stops what runs and removes it; asking again is harmless. 409 for one
 * that holds something, unless `withContents`.
 */
export async function requestProjectDeletion(
  tx: Tx,
  { id, actor, withContents }: { id: string; actor: string; withContents: boolean },
): Promise<void> {
  const project = await requireProject(tx, id)
  if (!project.deleting) {
    if (!withContents) await requireEmpty(tx, id)
    await updateProject(tx, id, { deleting: true })
    await recordEvent(tx, { projectId: id, topic: 'audit', subject: id, type: 'project.delete', actor })
  }
  await schedule(tx, 'project', id)
}

async function requireEmpty(tx: Tx, id: string): Promise<void> {
  const { services, jobs, addons, volumes, volumeBackups } = await readProjectContents(tx, id)
  const held = [...services, ...jobs, ...addons, ...volumes, ...volumeBackups]
  if (held.length === 0) return
  throw new FairwayError(
    'conflict',
    `The project "${id}" is not empty: it holds "${held[0]?.id}"${held.length > 1 ? ' and more' : ''}. Delete that first, or ask with delete_child_objects=true.`,
  )
}
