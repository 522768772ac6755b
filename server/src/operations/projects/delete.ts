import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { updateProject } from '../../db/projects.ts'
import { schedule } from '../../db/work.ts'
import { requireProject } from './require.ts'

/** Marks a project as going. Its reconciler stops what runs and removes it; asking again is harmless. */
export async function requestProjectDeletion(
  tx: Tx,
  { id, actor }: { id: string; actor: string },
): Promise<void> {
  const project = await requireProject(tx, id)
  if (!project.deleting) {
    await updateProject(tx, id, { deleting: true })
    await recordEvent(tx, { projectId: id, topic: 'audit', subject: id, type: 'project.delete', actor })
  }
  await schedule(tx, 'project', id)
}
