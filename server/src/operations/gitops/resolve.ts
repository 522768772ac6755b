import { FairwayError } from '@fairway/contract/errors'
import type { GitopsSide } from '@fairway/contract/resources/gitops'
import type { Tx } from '../../db/db.ts'
import { type DocumentKey, isTemplateKey, updateGitopsLink } from '../../db/gitops-links.ts'
import { lockReleaseFlow } from '../../db/release-flows.ts'
import { findTemplate, lockTemplate } from '../../db/templates.ts'
import { schedule } from '../../db/work.ts'
import { recordLinkEvent, requireLink } from './link.ts'

export type Resolution = {
  key: DocumentKey
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
export async function resolveConflict(tx: Tx, { key, take, commit, actor }: Resolution): Promise<void> {
  const version = await lockVersion(tx, key)
  const link = await requireLink(tx, key)
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
    take_version: version,
  })
  await recordLinkEvent(tx, key, { type: `take-${take}`, actor, data: { commit: link.head_sha } })
}

/** The version that is in force; nobody changes it until the transaction ends. */
async function lockVersion(tx: Tx, key: DocumentKey): Promise<number | null> {
  if (!isTemplateKey(key)) return (await lockReleaseFlow(tx, key))?.version ?? null
  const template = await findTemplate(tx, key)
  return template === undefined ? null : ((await lockTemplate(tx, template.uid))?.version ?? null)
}

/** Has the file looked at now, where no webhook tells of pushes. */
export async function syncNow(tx: Tx, key: DocumentKey): Promise<void> {
  await schedule(tx, 'gitops', (await requireLink(tx, key)).id)
}
