import type { Tx } from '../../db/db.ts'
import { lockReleaseFlow } from '../../db/release-flows.ts'
import type { RunOwner } from '../../db/release-runs.ts'
import { lockTemplate } from '../../db/templates.ts'

/** Locks the flow or the template of a run: its runs are admitted, begun and concluded one after another. */
export async function lockOwner(tx: Tx, owner: RunOwner): Promise<void> {
  if ('templateUid' in owner) await lockTemplate(tx, owner.templateUid)
  else await lockReleaseFlow(tx, owner)
}
