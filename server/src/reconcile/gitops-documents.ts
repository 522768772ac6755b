import type { Db, Tx } from '../db/db.ts'
import { type GitopsLinkRow, listFlowVersions, noteVersionCommit } from '../db/gitops-links.ts'
import type { FlowKey } from '../db/release-flows.ts'
import { findReleaseFlow, lockReleaseFlow } from '../db/release-flows.ts'
import type { Sealer } from '../lib/seal.ts'
import type { FlowRules } from '../operations/flows/flow-rules.ts'
import { saveReleaseFlow } from '../operations/flows/save.ts'
import { flowName } from '../operations/triggers/flow-name.ts'

export type LinkedDocument = { version: number; document: Record<string, unknown> }

/** Who made a version, and when. */
export type VersionAuthor = { actor: string; at: Date }

/** One kind of documents that may be linked to a file. */
export type LinkedDocuments = {
  /** What the ledger and people call it, within its project. */
  nameOf(link: GitopsLinkRow): string
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

/** Release flows as linked documents. */
export const linkedFlows = (deps: { rules: FlowRules; sealer: Sealer }): LinkedDocuments => ({
  nameOf: (link) => flowName(keyOf(link)),
  read: (db, link) => findReleaseFlow(db, keyOf(link)),
  lock: (tx, link) => lockReleaseFlow(tx, keyOf(link)),
  save: async (tx, link, { document, author, commit }) => {
    const saved = await saveReleaseFlow(
      tx,
      { ...keyOf(link), actor: `git: ${author}`, commit },
      document,
      deps,
    )
    return saved.version
  },
  authorsSince: async (db, link, version) =>
    (await listFlowVersions(db, keyOf(link), version)).map(({ created_by, created_at }) => ({
      actor: created_by ?? 'Fairway',
      at: created_at,
    })),
  noteCommit: (tx, link, pushed) => noteVersionCommit(tx, keyOf(link), pushed),
})

function keyOf({ project_id: projectId, pipeline_id: pipelineId, stage }: GitopsLinkRow): FlowKey {
  if (pipelineId === null || stage === null) throw new Error('the link is not one of a release flow')
  return { projectId, pipelineId, stage }
}
