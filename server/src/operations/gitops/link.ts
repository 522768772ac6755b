import { isDeepStrictEqual } from 'node:util'
import { FairwayError } from '@fairway/contract/errors'
import type { GitopsSettings } from '@fairway/contract/resources/gitops'
import type { Db, Tx } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'
import {
  type DocumentKey,
  deleteGitopsLink,
  findGitopsLinkOf,
  type GitopsLinkRow,
  insertFlowLink,
  insertTemplateLink,
  isTemplateKey,
  setGitopsSettings,
  updateGitopsLink,
} from '../../db/gitops-links.ts'
import { findTemplate } from '../../db/templates.ts'
import { newId, schedule } from '../../db/work.ts'
import { present } from '../../lib/assert.ts'

type Saved = {
  key: DocumentKey
  actor: string
  /** null removes the link, undefined leaves it. */
  settings: GitopsSettings | null | undefined
  changed: boolean
}

/**
 * Makes, changes or removes the link of a document that is being saved, and has its file looked at. The document is
 * locked.
 */
export async function followLink(tx: Tx, { key, actor, settings, changed }: Saved): Promise<void> {
  const link = await findGitopsLinkOf(tx, key)
  if (settings !== undefined && !isDeepStrictEqual(link?.settings ?? null, settings)) {
    await changeLink(tx, { key, actor }, link, settings)
  } else if (changed && link !== undefined) {
    // Before the link is locked, in the order of its worker.
    await schedule(tx, 'gitops', link.id)
    if (link.state === 'in-sync') await updateGitopsLink(tx, link.id, { state: 'ahead' })
  }
}

async function changeLink(
  tx: Tx,
  { key, actor }: { key: DocumentKey; actor: string },
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
  await recordLinkEvent(tx, key, {
    type: settings === null ? 'unlinked' : 'linked',
    actor,
    data: { ...settings },
  })
}

type LinkEvent = { type: string; actor: string; data: Record<string, unknown> }

/** Says in the audit log what became of a link. */
export function recordLinkEvent(tx: Tx, key: DocumentKey, { type, actor, data }: LinkEvent): Promise<void> {
  const { projectId } = key
  const project = projectId === null ? {} : { projectId }
  const what = isTemplateKey(key)
    ? { noun: 'template', id: key.templateId, stage: {} }
    : { noun: 'release-flow', id: key.pipelineId, stage: { stage: key.stage } }
  return recordEvent(tx, {
    ...project,
    topic: 'audit',
    subject: projectId === null ? what.id : `${projectId}/${what.id}`,
    type: `${what.noun}.${type}`,
    actor,
    data: { ...what.stage, ...data },
  })
}

/** Only who signs in differs: what both sides last agreed on stays true. */
const isSamePlace = (one: GitopsSettings, other: GitopsSettings): boolean =>
  one.repoUrl === other.repoUrl && one.branch === other.branch && one.filePath === other.filePath

/** The repository is polled from the next time on that watched ones are taken up. */
async function insertLink(tx: Tx, key: DocumentKey, settings: GitopsSettings): Promise<void> {
  const id = newId()
  if (isTemplateKey(key)) {
    const template = present(await findTemplate(tx, key), `template ${key.templateId}`)
    await insertTemplateLink(tx, template, { id, settings })
  } else await insertFlowLink(tx, key, { id, settings })
  await schedule(tx, 'gitops', id)
}

/** The link of a document, or `not_found`. */
export async function requireLink(db: Db, key: DocumentKey): Promise<GitopsLinkRow> {
  const link = await findGitopsLinkOf(db, key)
  if (link === undefined) {
    const what = isTemplateKey(key) ? `template "${key.templateId}"` : `release flow of stage ${key.stage}`
    throw new FairwayError('not_found', `The ${what} is not linked to git. Save it with the field gitops.`)
  }
  return link
}
