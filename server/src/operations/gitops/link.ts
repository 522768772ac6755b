import { isDeepStrictEqual } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import type { GitopsSettings } from '@fairway/contract/resources/gitops'
import type { Db, Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import {
  deleteGitopsLink,
  findGitopsLinkOfFlow,
  type GitopsLinkRow,
  insertFlowLink,
  setGitopsSettings,
  updateGitopsLink,
} from '../../db/gitops-links.ts'
import type { FlowKey } from '../../db/release-flows.ts'
import { newId, schedule } from '../../db/work.ts'

type Saved = FlowKey & {
  actor: string
  /** null removes the link, undefined leaves it. */
  settings: GitopsSettings | null | undefined
  changed: boolean
}

/** Makes, changes or removes the link of a flow that is being saved, and has its file looked at. The flow is locked. */
export async function followLink(tx: Tx, { actor, settings, changed, ...key }: Saved): Promise<void> {
  const link = await findGitopsLinkOfFlow(tx, key)
  if (settings !== undefined && !isDeepStrictEqual(link?.settings ?? null, settings)) {
    await changeLink(tx, { ...key, actor }, link, settings)
  } else if (changed && link !== undefined) {
    // Before the link is locked, in the order of its worker.
    await schedule(tx, 'gitops', link.id)
    if (link.state === 'in-sync') await updateGitopsLink(tx, link.id, { state: 'ahead' })
  }
}

async function changeLink(
  tx: Tx,
  key: FlowKey & { actor: string },
  link: GitopsLinkRow | undefined,
  settings: GitopsSettings | null,
): Promise<void> {
  if (link !== undefined && settings !== null && isSamePlace(link.settings, settings)) {
    await schedule(tx, 'gitops', link.id)
    await setGitopsSettings(tx, link.id, settings)
  } else {
    if (link !== undefined) await deleteGitopsLink(tx, link.id)
    if (settings !== null) await insertLink(tx, key, settings)
  }
  await recordEvent(tx, {
    projectId: key.projectId,
    topic: 'audit',
    subject: `${key.projectId}/${key.pipelineId}`,
    type: settings === null ? 'release-flow.unlinked' : 'release-flow.linked',
    actor: key.actor,
    data: { stage: key.stage, ...settings },
  })
}

/** Only who signs in differs: what both sides last agreed on stays true. */
const isSamePlace = (one: GitopsSettings, other: GitopsSettings): boolean =>
  one.repoUrl === other.repoUrl && one.branch === other.branch && one.filePath === other.filePath

/** The repository is polled from the next time on that watched ones are taken up. */
async function insertLink(tx: Tx, key: FlowKey, settings: GitopsSettings): Promise<void> {
  const id = newId()
  await insertFlowLink(tx, key, { id, settings })
  await schedule(tx, 'gitops', id)
}

export async function requireFlowLink(db: Db, key: FlowKey): Promise<GitopsLinkRow> {
  const link = await findGitopsLinkOfFlow(db, key)
  if (link === undefined) {
    throw new FairwayError(
      'not_found',
      `The release flow of stage ${key.stage} is not linked to git. Save it with the field gitops.`,
    )
  }
  return link
}
