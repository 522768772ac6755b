import type { Db, Tx } from '../db/db.ts'
import {
  type DocumentKey,
  type GitopsLinkRow,
  listFlowVersions,
  noteVersionCommit,
} from '../db/gitops-links.ts'
import type { FlowKey } from '../db/release-flows.ts'
import { findReleaseFlow, lockReleaseFlow } from '../db/release-flows.ts'
import {
  findTemplateByUid,
  listPublishedSince,
  lockTemplate,
  noteTemplateCommit,
  type TemplateRow,
} from '../db/templates.ts'
import { present } from '../lib/assert.ts'
import { saveReleaseFlow } from '../operations/flows/save.ts'
import type { RunDeps } from '../operations/runs/start.ts'
import { updateDocument } from '../operations/templates/save.ts'
import { flowName, keyOfFlowName } from '../operations/triggers/flow-name.ts'

export type LinkedDocument = { version: number; document: Record<string, unknown> }

/** Who made a version, and when. */
export type VersionAuthor = { actor: string; at: Date }

/** One kind of documents that may be linked to a file. */
export type LinkedDocuments = {
  /** What the ledger and people call it, within its project. */
  nameOf(link: GitopsLinkRow): string
  /** The same for the message of a commit, with what it is. */
  titleOf(link: GitopsLinkRow): string
  read(db: Db, link: GitopsLinkRow): Promise<LinkedDocument | undefined>
  /** Holds it until the transaction ends. Before the link and before the lease: saving locks in this order. */
  lock(tx: Tx, link: GitopsLinkRow): Promise<LinkedDocument | undefined>
  /** Checks and saves what a file holds; answers the version. Raises a `FairwayError` that names what is wrong. */
  save(tx: Tx, link: GitopsLinkRow, file: FromFile): Promise<number>
  /** Of the versions after this one, oldest first. */
  authorsSince(db: Db, link: GitopsLinkRow, version: number): Promise<VersionAuthor[]>
  noteCommit(tx: Tx, link: GitopsLinkRow, pushed: { version: number; commit: string }): Promise<void>
}

export type FromFile = { document: Record<string, unknown>; author: string; commit: string }

/** Release flows and templates as linked documents. */
export function linkedDocuments(deps: RunDeps): LinkedDocuments {
  const flows = linkedFlows(deps)
  const templates = linkedTemplates(deps)
  const of = ({ template_uid }: GitopsLinkRow) => (template_uid === null ? flows : templates)
  return {
    nameOf: (link) => of(link).nameOf(link),
    titleOf: (link) => of(link).titleOf(link),
    read: (db, link) => of(link).read(db, link),
    lock: (tx, link) => of(link).lock(tx, link),
    save: (tx, link, file) => of(link).save(tx, link, file),
    authorsSince: (db, link, version) => of(link).authorsSince(db, link, version),
    noteCommit: (tx, link, pushed) => of(link).noteCommit(tx, link, pushed),
  }
}

/** Ids are in lower case and stages are not: no flow has such a name. */
const TEMPLATE = 'template/'

/** Whose link has this name in the ledger; a project of the empty name is the team. */
export const keyOfLinkName = (projectId: string, name: string): DocumentKey =>
  /^template\/[^A-Z]/.test(name)
    ? { projectId: projectId === '' ? null : projectId, templateId: name.slice(TEMPLATE.length) }
    : keyOfFlowName(projectId, name)

const authorOf = ({ created_by, created_at }: { created_by: string | null; created_at: Date }) => ({
  actor: created_by ?? 'Fairway',
  at: created_at,
})

const linkedFlows = (deps: RunDeps): LinkedDocuments => ({
  nameOf: (link) => flowName(flowOf(link)),
  titleOf: (link) => `release flow ${flowName(flowOf(link))}`,
  read: (db, link) => findReleaseFlow(db, flowOf(link)),
  lock: (tx, link) => lockReleaseFlow(tx, flowOf(link)),
  save: async (tx, link, { document, author, commit }) => {
    const request = { ...flowOf(link), actor: `git: ${author}`, commit }
    return (await saveReleaseFlow(tx, request, document, deps)).version
  },
  authorsSince: async (db, link, version) =>
    (await listFlowVersions(db, flowOf(link), version)).map(authorOf),
  noteCommit: (tx, link, pushed) => noteVersionCommit(tx, flowOf(link), pushed),
})

function flowOf({ project_id: projectId, pipeline_id: pipelineId, stage }: GitopsLinkRow): FlowKey {
  if (projectId === null || pipelineId === null || stage === null)
    throw new Error('the link is not one of a release flow')
  return { projectId, pipelineId, stage }
}

const uidOf = ({ template_uid }: GitopsLinkRow): string => present(template_uid, 'template of the link')

/** In git is what is published; a draft gets there when it is. */
const published = (template: TemplateRow | undefined): LinkedDocument | undefined =>
  template?.version == null || template.document === null
    ? undefined
    : { version: template.version, document: template.document }

const linkedTemplates = (deps: RunDeps): LinkedDocuments => ({
  nameOf: ({ template_id }) => `${TEMPLATE}${template_id}`,
  titleOf: ({ template_id }) => `template ${template_id}`,
  read: async (db, link) => published(await findTemplateByUid(db, uidOf(link))),
  lock: async (tx, link) => published(await lockTemplate(tx, uidOf(link))),
  save: async (tx, link, { document, author, commit }) => {
    const templateId = present(link.template_id, 'template of the link')
    const target = { projectId: link.project_id, templateId, actor: `git: ${author}`, commit }
    const { version } = await updateDocument(tx, target, document, deps)
    return present(version, 'published version')
  },
  authorsSince: async (db, link, version) =>
    (await listPublishedSince(db, uidOf(link), version)).map(authorOf),
  noteCommit: (tx, link, pushed) => noteTemplateCommit(tx, uidOf(link), pushed),
})
