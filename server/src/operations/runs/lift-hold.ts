import { FairwayError } from '@fairway/contract/errors'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { deleteHold } from '../../db/holds.ts'
import type { TargetRef } from '../../db/stage-state.ts'

/** Lets automatic triggers deploy a version again that was rolled back. */
export async function liftHold(
  tx: Tx,
  hold: { projectId: string; target: TargetRef; digest: string },
  actor: string,
): Promise<void> {
  const { projectId, target, digest } = hold
  if (!(await deleteHold(tx, hold))) {
    throw new FairwayError('not_found', `${target.kind} "${target.id}" has no hold on ${digest}.`)
  }
  await recordEvent(tx, {
    projectId,
    topic: 'audit',
    subject: `${projectId}/${target.id}`,
    type: 'hold.lift',
    actor,
    data: { digest, targetKind: target.kind },
  })
}
