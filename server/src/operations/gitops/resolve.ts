import { FairwayError } from '@fairway/contract/errors'
import type { GitopsSide } from '@fairway/contract/resources/gitops'
import type { Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import { updateGitopsLink } from '../../db/gitops-links.ts'
import { type FlowKey, lockReleaseFlow } from '../../db/release-flows.ts'
import { schedule } from '../../db/work.ts'
import { requireFlowLink } from './link.ts'

export type Resolution = FlowKey & {
  take: GitopsSide
  /** The commit whose file was looked at. */
  commit: string | undefined
  actor: string
}

const OPEN = ['conflict', 'invalid']

/**
 * Decides between the file and the document as they are now: a later change of either is a conflict again. 409: there is
 * nothing to decide, or another commit was looked at.
 */
export async function resolveConflict(tx: Tx, { take, commit, actor, ...key }: Resolution): Promise<void> {
  const flow = await lockReleaseFlow(tx, key)
  const link = await requireFlowLink(tx, key)
  if (!OPEN.includes(link.state))
    throw new FairwayError('invalid_state', `The link is ${link.state}: there is no conflict to decide.`)
  if (commit !== undefined && commit !== link.head_sha)
    throw new FairwayError(
      'conflict',
      `The branch is at ${link.head_sha} by now. Look at the conflict again.`,
    )
  if (take === 'git' && link.seen_blob === null)
    throw new FairwayError(
      'invalid_state',
      'The file is gone: take Fairway to write it again, or remove the link.',
    )
  // Before the link is locked, in the order of its worker.
  await schedule(tx, 'gitops', link.id)
  await updateGitopsLink(tx, link.id, {
    take,
    take_blob: link.seen_blob,
    take_version: flow?.version ?? null,
  })
  await recordEvent(tx, {
    projectId: key.projectId,
    topic: 'audit',
    subject: `${key.projectId}/${key.pipelineId}`,
    type: `release-flow.take-${take}`,
    actor,
    data: { stage: key.stage, commit: link.head_sha },
  })
}

/** Has the file looked at now, where no webhook tells of pushes. */
export async function syncNow(tx: Tx, key: FlowKey): Promise<void> {
  await schedule(tx, 'gitops', (await requireFlowLink(tx, key)).id)
}
